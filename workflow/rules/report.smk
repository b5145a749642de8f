rule report:
    """Claims and numbers judged, and one page over all presets."""
    input:
        "params.yaml",
        [path for run in PARAMS.runs for path in run_files("train", run)],
        [path for run in PARAMS.runs for path in run_files("evaluate", run)],
        [
            f"{SHOWN}/{figure}{suffix}"
            for figure in PARAMS.figures
            for suffix in FIGURE_SUFFIXES
        ],
        [
            f"{SHOWN}/{table}{suffix}"
            for table in PARAMS.tables
            for suffix in TABLE_SUFFIXES
        ],
        code=code("stages/report.py", "reproduction", "report", "shown", "tables"),
    output:
        f"{RESULTS}/report/verdicts.json",
        "paper_figures/report.html",
    log:
        f"{LOGS}/report.log",
    benchmark:
        f"{LOGS}/report.tsv"
    localrule: True
    shell:
        "ebm report > {log} 2>&1"
