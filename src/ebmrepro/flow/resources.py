"""What a job asks of a cluster: GPUs, memory and minutes. Without a cluster nothing reads it.

The time is a limit, not a forecast: rates below are assumed, at the slow end, and measured on no cluster. A
training that meets its limit is not lost, its next attempt goes on from the checkpoint; what has no
checkpoint gets more time at each attempt. Another limit for one rule: --set-resources train:runtime=2880.
"""

import math
from typing import NamedTuple

from ebmrepro.params import stages
from ebmrepro.params.datasets import Dataset
from ebmrepro.params.evaluations import Evaluation
from ebmrepro.params.generations import Generation
from ebmrepro.params.root import Params

# Passes a second through a network of the paper's size, of 32x32 images, and through those of embedded data.
LARGE_PASSES = {"gpu": 10_000, "cpu": 100}
SMALL_PASSES = {"gpu": 20_000, "cpu": 2_000}
# Minutes that every job has for its start, its files and a slow disk; no limit is longer than a day, which
# most sites allow. Preparing data of unknown number has PREPARE_MINUTES.
LEAST_MINUTES, MOST_MINUTES, PREPARE_MINUTES = 30, 1440, 360
# MB of main memory. Prepared data of any size are mapped, not read into memory.
LARGE_MB, SMALL_MB = 16_000, 4_000
# A step of a chain: forward, and the gradient in x. A training step beside its chain: loss and update.
STEP_PASSES, UPDATE_PASSES = 2, 6


class Resources(NamedTuple):
    """What a job's first attempt asks for: GPUs, MB of main memory, minutes until it is ended."""

    gpu: int
    mem_mb: int
    minutes: int

    def attempt(self, number: int) -> "Resources":
        """Twice the memory and time at the second attempt, three times at the third, never over a day."""
        return self._replace(mem_mb=number * self.mem_mb, minutes=min(MOST_MINUTES, number * self.minutes))


def resources(params: Params, stage: str, item: str | None = None) -> Resources:
    """What the job of `stage` for `item` of params.yaml asks for.

    Jobs that compute with energies or a classifier take one GPU, none if params.yaml says cpu; drawing and
    judging take none.
    """
    datasets = _datasets(params, stage, item)
    large = any(dataset.large for dataset in datasets)
    uses_gpu = any(dataset.learnt for dataset in datasets) if stage == "prepare" else bool(datasets)
    limit = PREPARE_MINUTES if stage == "prepare" and large else LEAST_MINUTES
    if work := passes(params, stage, item):
        limit = sum(minutes(params, part, datasets[0]) for part in work)
    return Resources(
        gpu=int(uses_gpu and params.compute.device != "cpu"),
        mem_mb=LARGE_MB if large else SMALL_MB,
        minutes=min(MOST_MINUTES, limit),
    )


def priorities(params: Params) -> dict[tuple[str, str], float]:
    """(stage, item) -> what a runner takes first, where that is not the stage's own priority.

    A training that begins last runs on when nothing else is left: a long one has up to 1 more. Preparing data
    is as urgent as the longest training on them.
    """
    # On one processor: passes times the pixels of an image.
    work = {}
    for name, run in params.runs.items():
        pixels = math.prod(params.datasets[run.dataset].sample_shape[1:])
        work[name] = sum(passes(params, "train", name)) * pixels
    first = stages.stage("train").priority
    found = {}
    for name, run in params.runs.items():
        found["train", name] = first + work[name] / (1 + max(work.values()))
        data = "prepare", run.dataset
        found[data] = max(found.get(data, 0.0), found["train", name])
    return found


def minutes(params: Params, passes: int, dataset: Dataset) -> int:
    """Wall-clock limit: the time of `passes` of single examples of `dataset`, and that of getting started."""
    device = "cpu" if params.compute.device == "cpu" else "gpu"
    rate = LARGE_PASSES[device] * (32 / dataset.size) ** 2 if dataset.large else SMALL_PASSES[device]
    return min(MOST_MINUTES, LEAST_MINUTES + int(passes / rate / 60))


def passes(params: Params, stage: str, item: str | None) -> list[int]:
    """Passes of single examples through a network, forward or backward, of all seeds in each part of a job.

    Only what takes long: trainings, chains and numbers; what each takes, its kind says (`cost`).
    """
    if stage == "train":
        _, _, sampler, schedule = params.train_settings(item)
        each = schedule.batch_size * (STEP_PASSES * sampler.cost() + UPDATE_PASSES)
        return [schedule.iterations * each * len(params.seeds_of(item))]
    if stage == "sample":
        return [_sampling(params, item, params.resolve(item, "generation"))]
    if stage == "evaluate":
        return [_measuring(params, item, params.resolve(item, "evaluation"))]
    if stage == "compose":
        composition = params.compositions[item]
        generation = params.generations[composition.generation]
        # A step of its chains is one through each of its models.
        return [sum(_sampling(params, model.run, generation) for model in composition.models)]
    if stage == "resample":
        protocol = params.protocols[item]
        sampled = _sampling(params, protocol.run, params.generations[protocol.generation])
        return [sampled, _measuring(params, protocol.run, params.evaluations[protocol.evaluation])]
    return []


def _sampling(params: Params, run: str, generation: Generation) -> int:
    times = params.resolve(run, "objective").times
    return STEP_PASSES * generation.cost(times) * len(params.seeds_of(run))


def _measuring(params: Params, run: str, evaluation: Evaluation) -> int:
    return STEP_PASSES * evaluation.cost() * len(params.seeds_of(run))


def _datasets(params: Params, name: str, item: str | None) -> list[Dataset]:
    """The data sets that a job computes with."""
    one = stages.stage(name)
    if one.is_drawn:
        return []
    if name == "compare":
        return list(params.datasets.values())
    entry = getattr(params, one.section)[item]
    if name == "prepare":
        return [entry]
    return [params.datasets[key] for key in (entry.dataset, getattr(entry, "against", entry.dataset))]
