# A rule for each stage of src/ebmrepro/params/stages.py; what its jobs are stands in the table of jobs.
# For every job `job` holds its resolved settings, the fingerprint of its code and the versions of its packages.


rule check:
    """What each job is told and done by, for DVC."""
    output:
        str(JOBS),
    log:
        f"{LOGS}/check.log",
    localrule: True
    params:
        # Not input: there are hundreds of files, and a fresh clone has them all at another time.
        state=rules.check_state(),
    shell:
        "ebm check > {log} 2>&1"


rule collect:
    """Which results figures, tables and the report are made from, for DVC."""
    input:
        rules.collected(PARAMS),
    output:
        str(INPUTS),
    log:
        f"{LOGS}/collect.log",
    localrule: True
    shell:
        "ebm collect > {log} 2>&1"


for STAGE in STAGES:

    rule:
        name:
            STAGE.name
        input:
            partial(inputs, STAGE.name),
        output:
            [
                (
                    report(
                        path,
                        caption=f"../report/{STAGE.name}.rst",
                        category=f"{STAGE.section.capitalize()} ({PARAMS.preset})",
                        labels={STAGE.name: "{item}"},
                    )
                    if path.endswith(STAGE.reported)
                    else path
                )
                for path in rules.patterns(PARAMS, STAGE)
            ],
        log:
            f"{LOGS}/{rules.label(STAGE)}.log",
        benchmark:
            f"{LOGS}/{rules.label(STAGE)}.tsv"
        priority: STAGE.priority
        threads: PARAMS.compute.threads
        localrule: STAGE.is_drawn
        resources:
            gpu=gpus(not STAGE.is_drawn),
        params:
            job=partial(entry, STAGE.name),
        shell:
            f"ebm {STAGE.name} {'{wildcards.item}' if STAGE.section else ''} > {{log}} 2>&1"
