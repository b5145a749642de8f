# What a job asks of a cluster (src/ebmrepro/flow/resources.py), and how it is sent there.

import re
import shutil
import subprocess

from ebmrepro.flow.resources import priorities, resources

# Minutes in the queue before the second, third and fourth attempt of a training.
LATER_MINUTES = (1, 10, 60)
PRIORITIES = priorities(PARAMS)


def gpus(stage, wildcards):
    """GPUs of a job."""
    return resources(PARAMS, stage, wildcards.get("item")).gpu


def memory(stage, wildcards, attempt):
    """MB of main memory, more after each failure."""
    return resources(PARAMS, stage, wildcards.get("item")).attempt(attempt).mem_mb


def limit(stage, wildcards, attempt):
    """Minutes until a job is ended, more after each failure; a training goes on where it stopped."""
    # Every attempt of a training has the time of the first: what was computed is not lost.
    number = 1 if stage == "train" else attempt
    return resources(PARAMS, stage, wildcards.get("item")).attempt(number).minutes


def urgency(stage, wildcards):
    """The priority of a job: its own or that of its stage."""
    return PRIORITIES.get((stage.name, wildcards.get("item")), stage.priority)


def default_text(chosen, name):
    """A resource of --default-resources or --set-resources as it was written; "" if it was not."""
    resource = (chosen or {}).get(name)
    return "" if resource is None else str(resource.raw or "").strip("'\"")


def later(stage, wildcards, attempt):
    """Options for sbatch (of the site and ours): what is sent again waits in the queue before it starts.

    A training that lives on after its slurmd died holds its folder. The copy that Slurm starts elsewhere ends at
    once, and so would all others, were they not sent late.
    """
    site = default_text(workflow.resource_settings.default_resources, "slurm_extra")
    if stage != "train" or attempt == 1:
        return site or None
    wait = LATER_MINUTES[min(attempt - 2, len(LATER_MINUTES) - 1)]
    return f"{site} --begin=now+{wait}minutes".strip()


def partitions_asked_for():
    """Names of partitions from --default-resources and --set-resources; what an expression gives is not known yet."""
    settings = workflow.resource_settings
    for chosen in (
        settings.default_resources,
        *settings.overwrite_resources.values(),
    ):
        text = default_text(chosen, "slurm_partition")
        if re.fullmatch(r"[\w.,-]+", text):
            yield from filter(None, text.split(","))


def known_partitions_only():
    """Refuse a partition that this cluster does not have, before sbatch refuses every single job."""
    wanted = set(partitions_asked_for())
    if not wanted or shutil.which("sinfo") is None:
        return
    listed = subprocess.run(
        ["sinfo", "--noheader", "--format=%R"], capture_output=True, text=True
    )
    known = set(listed.stdout.split())
    unknown = sorted(wanted - known)
    if listed.returncode == 0 and unknown:
        print(
            f"ebm: slurm_partition: this cluster has no partition '{unknown[0]}';"
            f" choose one of {', '.join(sorted(known))} (--default-resources slurm_partition=NAME)",
            file=sys.stderr,
        )
        sys.exit(2)


if workflow.is_main_process:
    known_partitions_only()
