rule train:
    """A run's model with every seed; checkpoints live outside the declared outputs, in .work/."""
    input:
        lambda w: f"{RESULTS}/prepare/{PARAMS.runs[w.run].dataset}/train.safetensors",
        code=code(
            "stages/train.py",
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
        f"{RESULTS}/train/{{experiment}}/{{run}}.safetensors",
        f"{RESULTS}/train/{{experiment}}/{{run}}.json",
        f"{RESULTS}/train/{{experiment}}/{{run}}.csv",
    log:
        f"{LOGS}/train/{{experiment}}/{{run}}.log",
    benchmark:
        f"{LOGS}/train/{{experiment}}/{{run}}.tsv"
    priority: 2
    threads: PARAMS.compute.threads
    resources:
        gpu=gpus(),
        mem_mb=lambda w, attempt: memory(attempt, PARAMS.runs[w.run].dataset),
        runtime=lambda w: minutes(train_passes(w.run), PARAMS.runs[w.run].dataset),
        slurm_extra=lambda w, attempt: later(attempt),
    params:
        values=lambda w: values(
            "seeds",
            f"runs.{w.run}.dataset",
            f"runs.{w.run}.train",
            f"energies.{PARAMS.runs[w.run].train.energy}",
            f"objectives.{PARAMS.runs[w.run].train.objective}",
            f"samplers.{PARAMS.runs[w.run].train.sampler}",
            f"schedules.{PARAMS.runs[w.run].train.schedule}",
        ),
    shell:
        "ebm train {wildcards.run} > {log} 2>&1"
