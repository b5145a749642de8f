# Energy-based model training, reproduced: one flow, one vocabulary.
#     params.yaml > prepare > train > sample > evaluate > figure, table > report
#                                   > compose, detect, denoise, compare, resample
#
# dvc.yaml is the same flow for DVC; tests/pipeline compares the two.


include: "workflow/rules/common.smk"


configfile: "params.yaml"


one_source_of_parameters(config)


# Used only if asked for (--software-deployment-method apptainer); otherwise jobs run in this environment.
container: "docker://ebm-reproduction"


rule all:
    input:
        everything(),


include: "workflow/rules/prepare.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/sample.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/compose.smk"
include: "workflow/rules/detect.smk"
include: "workflow/rules/denoise.smk"
include: "workflow/rules/compare.smk"
include: "workflow/rules/resample.smk"
include: "workflow/rules/figure.smk"
include: "workflow/rules/report.smk"


onsuccess:
    sync_after_run()  # DVC records what was produced
