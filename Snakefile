# Energy-based model training, reproduced: one flow, one vocabulary.
#     params.yaml > prepare > train > sample > evaluate > figure, table > report
#                                   > compose, detect, denoise, compare, resample
#
# What each job reads, writes and is told is said in src/ebmrepro/flow; dvc.yaml is the same flow for DVC.


include: "workflow/rules/common.smk"


configfile: "params.yaml"


one_source_of_parameters(config)


# Used only if asked for (--software-deployment-method apptainer); otherwise jobs run in this environment.
container: "docker://ebm-reproduction"


rule all:
    input:
        everything(),


include: "workflow/rules/resources.smk"
include: "workflow/rules/jobs.smk"


onstart:
    run_begins()
    say_what_is_uncommitted()
    start_server(PARAMS.compute.threads)  # so that no job need import torch


onsuccess:
    sync_after_run()  # DVC records what was produced
