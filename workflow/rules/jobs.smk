# A rule for each stage of src/ebmrepro/params/stages.py; what its jobs are stands in the table of jobs.
# For every job `job` holds its resolved settings, the fingerprint of its code and the versions of its packages.


rule contents:
    """The hash of what lies in a folder of images, for DVC."""
    output:
        "contents/{item}.json",
    log:
        f"{LOGS}/contents/{{item}}.log",
    localrule: True
    params:
        sha256=lambda wildcards: contents(PARAMS.folders[wildcards.item]),
    shell:
        "ebm contents {wildcards.item} > {log} 2>&1"


rule check:
    """What each job is told and done by, for DVC."""
    input:
        "params.yaml",
        "requirements.lock",
    output:
        str(JOBS),
    log:
        f"{LOGS}/check.log",
    localrule: True
    params:
        # The code is no input: hundreds of files, whose names every run would print.
        checked=checked(),
    shell:
        "ebm check > {log} 2>&1"


rule collect:
    """Which results figures, tables and the report are made from, for DVC."""
    input:
        judged(PARAMS),
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
                for path in patterns(PARAMS.preset, STAGE)
            ],
        log:
            f"{LOGS}/{label(STAGE)}.log",
        benchmark:
            f"{LOGS}/{label(STAGE)}.tsv"
        priority: partial(urgency, STAGE)
        localrule: STAGE.is_drawn
        threads: PARAMS.compute.threads
        resources:
            gpu=partial(gpus, STAGE.name),
            mem_mb=partial(memory, STAGE.name),
            runtime=partial(limit, STAGE.name),
            slurm_extra=partial(later, STAGE.name),
        params:
            job=partial(entry, STAGE.name),
            # What a rule runs is looked up when it runs: the name of the stage would be that of the last.
            command=partial(command, STAGE.name),
        shell:
            "{params.command} > {log} 2>&1"
