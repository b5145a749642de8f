# Energy-based model training, reproduced: one flow, one vocabulary.
#
#     params.yaml > prepare > train > sample > evaluate > figure, table > report
#
# dvc.yaml is the same flow for DVC; tests/pipeline compares the two.


include: "workflow/rules/common.smk"


configfile: "params.yaml"


one_source_of_parameters(config)


rule all:
    input:
        "paper_figures/report.html",
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
        [path for run in PARAMS.runs for path in run_files("train", run)],
        [path for run in PARAMS.runs for path in run_files("sample", run)],
        [path for run in PARAMS.runs for path in run_files("evaluate", run)],


include: "workflow/rules/prepare.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/sample.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/figure.smk"
include: "workflow/rules/report.smk"


onsuccess:
    remember_in_dvc()
