rule sample:
    """Samples from a run's models."""
    input:
        f"{RESULTS}/train/{{experiment}}/{{run}}.safetensors",
        f"{RESULTS}/train/{{experiment}}/{{run}}.json",
        code=code(
            "stages/sample.py",
            "training/model_file.py",
            "energies",
            "data/batches.py",
            "data/streams.py",
            "mcmc/ancestral.py",
            "mcmc/annealed.py",
            "mcmc/augmentation.py",
            "mcmc/chain.py",
            "mcmc/gibbs.py",
            "mcmc/gibbs_generate.py",
            "mcmc/chunks.py",
            "mcmc/generate.py",
            "mcmc/hmc.py",
            "mcmc/langevin.py",
            "mcmc/long_chains.py",
            "mcmc/noise.py",
        ),
    output:
        f"{RESULTS}/sample/{{experiment}}/{{run}}.safetensors",
    log:
        f"{LOGS}/sample/{{experiment}}/{{run}}.log",
    benchmark:
        f"{LOGS}/sample/{{experiment}}/{{run}}.tsv"
    priority: 1
    threads: PARAMS.compute.threads
    resources:
        gpu=gpus(),
        mem_mb=lambda w, attempt: memory(attempt, PARAMS.runs[w.run].dataset),
        runtime=lambda w, attempt: more(
            minutes(
                chain_passes(w.run, PARAMS.resolve(w.run, "generation")),
                PARAMS.runs[w.run].dataset,
            ),
            attempt,
        ),
    params:
        values=lambda w: values(
            f"runs.{w.run}.sample",
            f"generations.{PARAMS.runs[w.run].sample.generation}",
        ),
    shell:
        "ebm sample {wildcards.run} > {log} 2>&1"
