rule compare:
    """The runs of several experiments under one ruler, with the measured cost of a training step."""
    input:
        [
            f"{RESULTS}/prepare/{name}/{file}"
            for name in PARAMS.datasets
            for file in PREPARED
        ],
        [path for run in PARAMS.runs for path in run_files("evaluate", run)],
        code=code(
            "stages/compare.py",
            "stages/training_data.py",
            "data/batches.py",
            "data/host_batches.py",
            "data/streams.py",
            "energies",
            "mcmc/augmentation.py",
            "mcmc/chain.py",
            "mcmc/gibbs.py",
            "mcmc/hmc.py",
            "mcmc/langevin.py",
            "mcmc/negatives.py",
            "mcmc/noise.py",
            "mcmc/persistent.py",
            "mcmc/replay.py",
            "objectives",
            "training",
        ),
    output:
        f"{RESULTS}/compare/{{comparison}}/{{comparison}}.json",
    log:
        f"{LOGS}/compare/{{comparison}}.log",
    benchmark:
        f"{LOGS}/compare/{{comparison}}.tsv"
    threads: PARAMS.compute.threads
    resources:
        gpu=gpus(),
        mem_mb=lambda w, attempt: memory(attempt, *PARAMS.datasets),
        runtime=lambda w, attempt: more(LEAST_MINUTES, attempt),
    params:
        values=lambda w: values(f"comparisons.{w.comparison}"),
    shell:
        "ebm compare {wildcards.comparison} > {log} 2>&1"
