# What a job asks of a cluster: GPUs, memory (MB) and minutes, from params.yaml. Without a cluster nothing reads it.
#
# The time is a limit, not a forecast: rates below are assumed, at the slow end, and measured on no cluster. A training
# that meets its limit is not lost, its next attempt goes on from the checkpoint; what has no checkpoint gets more time at
# each attempt. Another limit for one rule: --set-resources train:runtime=2880.

import re
import shutil
import subprocess

from ebmrepro.params.compositions import models_of

# Passes through a network of the paper's size a second, of 32x32 images, and through those of embedded data.
LARGE_PASSES = {"gpu": 10_000, "cpu": 100}
SMALL_PASSES = {"gpu": 20_000, "cpu": 2_000}
# Minutes that every job has for its start, its files and a slow disk; no limit is longer than a day, which most sites allow.
LEAST_MINUTES, MOST_MINUTES = 30, 1440
# A step with its gradients in x, in passes; loss and update of a training step beside its chain.
STEP_PASSES, UPDATE_PASSES = 2, 6
# Minutes in the queue before the second, third and fourth attempt of a training.
LATER_MINUTES = (1, 10, 60)


def gpus(uses=True):
    """One GPU for a job that computes with the energies or a classifier, none if params.yaml says cpu."""
    return int(bool(uses) and PARAMS.compute.device != "cpu")


def is_large(dataset):
    """Data sets of which nobody knows here how large they are: published ones and the user's own."""
    return PARAMS.datasets[dataset].kind in ("catalogue", "image_folder")


def learns(dataset):
    """Whether preparing a data set trains a classifier or asks Inception."""
    return any(
        getattr(PARAMS.datasets[dataset], part, None) is not None
        for part in ("classifier", "inception")
    )


def minutes(passes, dataset):
    """Wall-clock limit: the time of `passes` of single examples of `dataset`, and that of getting started."""
    device = "cpu" if PARAMS.compute.device == "cpu" else "gpu"
    if is_large(dataset):
        rate = LARGE_PASSES[device] * (32 / PARAMS.datasets[dataset].size) ** 2
    else:
        rate = SMALL_PASSES[device]
    return min(MOST_MINUTES, LEAST_MINUTES + int(passes / rate / 60))


def train_passes(run):
    settings = PARAMS.train_settings(run)
    steps = getattr(settings.sampler, "steps", 0) * getattr(
        settings.sampler, "leapfrog_steps", 1
    )
    each = settings.schedule.batch_size * (STEP_PASSES * steps + UPDATE_PASSES)
    return settings.schedule.iterations * each * len(PARAMS.seeds_of(run))


def chain_passes(run, generation):
    steps = getattr(generation, "rounds", 1) * getattr(generation, "steps", 1)
    steps += getattr(generation, "final_steps", 0)
    if generation.kind == "annealed":
        steps *= len(PARAMS.resolve(run, "objective").levels)
    return generation.samples * STEP_PASSES * steps * len(PARAMS.seeds_of(run))


def measured_minutes(run, evaluation, dataset):
    """Of a run's numbers: the chains that estimate its likelihood, where it is asked for, are most of it."""
    likelihood = getattr(evaluation, "likelihood", None)
    passes = 0
    if likelihood is not None:
        passes = likelihood.chains * likelihood.temperatures * likelihood.steps
    return minutes(STEP_PASSES * passes * len(PARAMS.seeds_of(run)), dataset)


def protocol_minutes(name):
    """Of a protocol: its chains and its numbers."""
    protocol = PARAMS.protocols[name]
    generation = PARAMS.generations[protocol.generation]
    evaluation = PARAMS.evaluations[protocol.evaluation]
    sampled = minutes(chain_passes(protocol.run, generation), protocol.dataset)
    measured = measured_minutes(protocol.run, evaluation, protocol.dataset)
    return min(MOST_MINUTES, sampled + measured)


def composition_minutes(name):
    """Of a composition: a step of its chains is one through each of its models."""
    composition = PARAMS.compositions[name]
    generation = PARAMS.generations[composition.generation]
    models = [
        model
        for expression in composition.expressions.values()
        for model in models_of(expression)
    ]
    passes = sum(chain_passes(model.run, generation) for model in models)
    return minutes(passes, composition.dataset)


def more(limit, attempt):
    """Twice the time at the second attempt, three times at the third, never over a day."""
    return min(MOST_MINUTES, limit * attempt)


def memory(attempt, *datasets):
    """MB of main memory, more after each failure. Prepared data of any size are mapped, not read into memory."""
    return attempt * (16_000 if any(is_large(name) for name in datasets) else 4_000)


def default_text(chosen, name):
    """A resource of --default-resources or --set-resources as it was written; "" if it was not."""
    resource = chosen.get(name)
    return "" if resource is None else str(resource.raw or "").strip("'\"")


def later(attempt):
    """Options for sbatch (of the site and ours): what is sent again waits in the queue before it starts.

    A training that lives on after its slurmd died holds its folder. The copy that Slurm starts elsewhere ends at
    once, and so would all others, were they not sent late.
    """
    site = default_text(
        workflow.resource_settings._parsed_default_resources, "slurm_extra"
    )
    if attempt == 1:
        return site or None
    wait = LATER_MINUTES[min(attempt - 2, len(LATER_MINUTES) - 1)]
    return f"{site} --begin=now+{wait}minutes".strip()


def partitions_asked_for():
    """Names of partitions from --default-resources and --set-resources; what an expression gives is not known yet."""
    settings = workflow.resource_settings
    for chosen in (
        settings._parsed_default_resources,
        *settings._parsed_overwrite_resources.values(),
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
