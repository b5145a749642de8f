rule compose:
    """Samples of the compositions of an experiment's models, judged."""
    input:
        lambda w: [
            f"{RESULTS}/prepare/{PARAMS.compositions[w.composition].dataset}/{name}"
            for name in ("test.safetensors", "ruler.safetensors")
        ],
        lambda w: stage_files("train", w.experiment),
        code=code(
            "stages/compose.py",
            "training/model_file.py",
            "energies",
            "data/batches.py",
            "data/streams.py",
            "mcmc/augmentation.py",
            "mcmc/chain.py",
            "mcmc/gibbs.py",
            "mcmc/chunks.py",
            "mcmc/generate.py",
            "mcmc/hmc.py",
            "mcmc/langevin.py",
            "mcmc/noise.py",
            "evaluation/classifier.py",
            "evaluation/ruler.py",
            "evaluation/satisfaction.py",
        ),
    output:
        f"{RESULTS}/compose/{{experiment}}/{{composition}}.json",
        f"{RESULTS}/compose/{{experiment}}/{{composition}}.safetensors",
    log:
        f"{LOGS}/compose/{{experiment}}/{{composition}}.log",
    benchmark:
        f"{LOGS}/compose/{{experiment}}/{{composition}}.tsv"
    priority: 1
    threads: PARAMS.compute.threads
    resources:
        gpu=gpus(),
        mem_mb=lambda w, attempt: memory(
            attempt, PARAMS.compositions[w.composition].dataset
        ),
        runtime=lambda w, attempt: more(composition_minutes(w.composition), attempt),
    params:
        values=lambda w: values(
            f"compositions.{w.composition}",
            f"generations.{PARAMS.compositions[w.composition].generation}",
        ),
    shell:
        "ebm compose {wildcards.composition} > {log} 2>&1"
