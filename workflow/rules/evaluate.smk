rule evaluate:
    """The numbers of a run."""
    input:
        data=lambda w: [
            f"{RESULTS}/prepare/{PARAMS.runs[w.run].dataset}/{name}"
            for name in (
                "train.safetensors",
                "test.safetensors",
                "ruler.safetensors",
                "manifest.json",
            )
        ],
        model=f"{RESULTS}/train/{{experiment}}/{{run}}.safetensors",
        status=f"{RESULTS}/train/{{experiment}}/{{run}}.json",
        history=f"{RESULTS}/train/{{experiment}}/{{run}}.csv",
        samples=f"{RESULTS}/sample/{{experiment}}/{{run}}.safetensors",
        code=code(
            "stages/evaluate.py",
            "training/model_file.py",
            "data/batches.py",
            "data/streams.py",
            "energies",
            "evaluation",
            "mcmc/annealed_importance.py",
            "mcmc/energy_importance.py",
            "mcmc/langevin.py",
        ),
    output:
        f"{RESULTS}/evaluate/{{experiment}}/{{run}}.json",
        f"{RESULTS}/evaluate/{{experiment}}/{{run}}.safetensors",
    log:
        f"{LOGS}/evaluate/{{experiment}}/{{run}}.log",
    benchmark:
        f"{LOGS}/evaluate/{{experiment}}/{{run}}.tsv"
    priority: 1
    threads: PARAMS.compute.threads
    resources:
        gpu=gpus(),
        mem_mb=lambda w, attempt: memory(attempt, PARAMS.runs[w.run].dataset),
        runtime=lambda w, attempt: more(
            measured_minutes(
                w.run, PARAMS.resolve(w.run, "evaluation"), PARAMS.runs[w.run].dataset
            ),
            attempt,
        ),
    params:
        values=lambda w: values(
            f"runs.{w.run}.evaluate",
            f"evaluations.{PARAMS.runs[w.run].evaluate.evaluation}",
            f"datasets.{PARAMS.runs[w.run].dataset}",
        ),
    shell:
        "ebm evaluate {wildcards.run} > {log} 2>&1"
