rule denoise:
    """What the energies of an experiment's models make of noisy images."""
    input:
        lambda w: f"{RESULTS}/prepare/{PARAMS.denoisings[w.denoising].dataset}/train.safetensors",
        lambda w: f"{RESULTS}/prepare/{PARAMS.denoisings[w.denoising].dataset}/test.safetensors",
        lambda w: stage_files("train", w.experiment),
        code=code(
            "stages/denoise.py",
            "training/model_file.py",
            "energies",
            "data/batches.py",
            "data/streams.py",
            "evaluation/classifier.py",
            "evaluation/denoising.py",
            "evaluation/image_quality.py",
        ),
    output:
        f"{RESULTS}/denoise/{{experiment}}/{{denoising}}.json",
        f"{RESULTS}/denoise/{{experiment}}/{{denoising}}.safetensors",
    log:
        f"{LOGS}/denoise/{{experiment}}/{{denoising}}.log",
    benchmark:
        f"{LOGS}/denoise/{{experiment}}/{{denoising}}.tsv"
    threads: PARAMS.compute.threads
    resources:
        gpu=gpus(),
        mem_mb=lambda w, attempt: memory(
            attempt, PARAMS.denoisings[w.denoising].dataset
        ),
        runtime=lambda w, attempt: more(LEAST_MINUTES, attempt),
    params:
        values=lambda w: values(f"denoisings.{w.denoising}"),
    shell:
        "ebm denoise {wildcards.denoising} > {log} 2>&1"
