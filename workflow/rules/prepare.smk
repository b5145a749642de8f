rule prepare:
    """A data set as tensors, its ruler and its manifest."""
    input:
        source=lambda w: PARAMS.datasets[w.dataset].source,
        code=code(
            "stages/prepare.py",
            "stages/prepare_inception.py",
            "stages/prepare_folder.py",
            "stages/prepare_published.py",
            "data/catalogue",
            "data/image_folder.py",
            "evaluation/classifier.py",
            "evaluation/frechet.py",
            "evaluation/image_rulers",
            "evaluation/independent.py",
            "evaluation/ruler.py",
        ),
    output:
        f"{RESULTS}/prepare/{{dataset}}/train.safetensors",
        f"{RESULTS}/prepare/{{dataset}}/test.safetensors",
        f"{RESULTS}/prepare/{{dataset}}/ruler.safetensors",
        f"{RESULTS}/prepare/{{dataset}}/manifest.json",
    log:
        f"{LOGS}/prepare/{{dataset}}.log",
    benchmark:
        f"{LOGS}/prepare/{{dataset}}.tsv"
    priority: 3
    threads: PARAMS.compute.threads
    resources:
        gpu=lambda w: gpus(learns(w.dataset)),
        mem_mb=lambda w, attempt: memory(attempt, w.dataset),
        runtime=lambda w, attempt: more(
            360 if is_large(w.dataset) else LEAST_MINUTES, attempt
        ),
    params:
        values=lambda w: values(f"datasets.{w.dataset}"),
        contents=lambda w: fingerprint(PARAMS.datasets[w.dataset].source),
    shell:
        "ebm prepare {wildcards.dataset} > {log} 2>&1"
