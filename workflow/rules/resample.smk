rule resample:
    """A run's models sampled and measured by another protocol."""
    input:
        data=lambda w: [
            f"{RESULTS}/prepare/{PARAMS.protocols[w.protocol].dataset}/{name}"
            for name in (
                "train.safetensors",
                "test.safetensors",
                "ruler.safetensors",
                "manifest.json",
            )
        ],
        model=lambda w: run_files("train", PARAMS.protocols[w.protocol].run),
        code=code(
            "stages/resample.py",
            "stages/sample.py",
            "stages/evaluate.py",
            "training/model_file.py",
            "data/batches.py",
            "data/streams.py",
            "energies",
            "evaluation",
            "mcmc",
        ),
    output:
        f"{RESULTS}/resample/{{experiment}}/{{protocol}}.json",
        f"{RESULTS}/resample/{{experiment}}/{{protocol}}.safetensors",
    log:
        f"{LOGS}/resample/{{experiment}}/{{protocol}}.log",
    benchmark:
        f"{LOGS}/resample/{{experiment}}/{{protocol}}.tsv"
    priority: 1
    threads: PARAMS.compute.threads
    resources:
        gpu=gpus(),
        mem_mb=lambda w, attempt: memory(attempt, PARAMS.protocols[w.protocol].dataset),
        runtime=lambda w, attempt: more(protocol_minutes(w.protocol), attempt),
    params:
        values=lambda w: values(
            f"protocols.{w.protocol}",
            f"generations.{PARAMS.protocols[w.protocol].generation}",
            f"evaluations.{PARAMS.protocols[w.protocol].evaluation}",
            f"datasets.{PARAMS.protocols[w.protocol].dataset}",
        ),
    shell:
        "ebm resample {wildcards.protocol} > {log} 2>&1"
