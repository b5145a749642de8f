rule figure:
    """A figure over the runs of an experiment."""
    input:
        shown_files("figures"),
        code=code("stages/figure.py", "plots", "shown", "tables", "data/densities.py"),
    output:
        f"{SHOWN}/{{figure}}.pdf",
        report(
            f"{SHOWN}/{{figure}}.png",
            caption="../report/figure.rst",
            category=f"Figures ({PARAMS.preset})",
            labels={"figure": "{figure}"},
        ),
    log:
        f"{LOGS}/figure/{{figure}}.log",
    benchmark:
        f"{LOGS}/figure/{{figure}}.tsv"
    localrule: True
    params:
        values=lambda w: values(f"figures.{w.figure}"),
    shell:
        "ebm figure {wildcards.figure} > {log} 2>&1"


rule table:
    """A table over the runs of an experiment."""
    input:
        shown_files("tables"),
        code=code("stages/table.py", "tables", "shown"),
    output:
        f"{SHOWN}/{{table}}.md",
        report(
            f"{SHOWN}/{{table}}.csv",
            caption="../report/table.rst",
            category=f"Tables ({PARAMS.preset})",
            labels={"table": "{table}"},
        ),
        f"{SHOWN}/{{table}}.tex",
    log:
        f"{LOGS}/table/{{table}}.log",
    benchmark:
        f"{LOGS}/table/{{table}}.tsv"
    localrule: True
    params:
        values=lambda w: values(f"tables.{w.table}"),
    shell:
        "ebm table {wildcards.table} > {log} 2>&1"
