rule detect:
    """How well the energies of an experiment's models tell a data set's images from others."""
    input:
        lambda w: f"{RESULTS}/prepare/{PARAMS.outliers[w.outliers].dataset}/test.safetensors",
        lambda w: f"{RESULTS}/prepare/{PARAMS.outliers[w.outliers].against}/test.safetensors",
        lambda w: stage_files("train", w.experiment),
        code=code(
            "stages/detect.py",
            "training/model_file.py",
            "energies",
            "data/streams.py",
            "evaluation/classifier.py",
            "evaluation/outliers.py",
        ),
    output:
        f"{RESULTS}/detect/{{experiment}}/{{outliers}}.json",
        f"{RESULTS}/detect/{{experiment}}/{{outliers}}.safetensors",
    log:
        f"{LOGS}/detect/{{experiment}}/{{outliers}}.log",
    benchmark:
        f"{LOGS}/detect/{{experiment}}/{{outliers}}.tsv"
    threads: PARAMS.compute.threads
    resources:
        gpu=gpus(),
        mem_mb=lambda w, attempt: memory(
            attempt,
            PARAMS.outliers[w.outliers].dataset,
            PARAMS.outliers[w.outliers].against,
        ),
        runtime=lambda w, attempt: more(LEAST_MINUTES, attempt),
    params:
        values=lambda w: values(f"outliers.{w.outliers}"),
    shell:
        "ebm detect {wildcards.outliers} > {log} 2>&1"
