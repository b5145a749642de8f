"""What a job asks of a cluster: GPUs, memory and minutes. Without a cluster nothing reads it.

The time is a limit, not a forecast: rates below are assumed, at the slow end, and measured on no cluster. A
training that meets its limit is not lost, its next attempt goes on from the checkpoint; what has no
checkpoint gets more time at each attempt. Another limit for one rule: --set-resources train:runtime=2880.
"""

from typing import NamedTuple

from ebmrepro.flow import cost
from ebmrepro.params import stages
from ebmrepro.params.datasets import Dataset
from ebmrepro.params.root import Params

# Passes a second through a network of the paper's size, of 32x32 images, and through those of embedded data.
LARGE_PASSES = {"gpu": 10_000, "cpu": 100}
SMALL_PASSES = {"gpu": 20_000, "cpu": 2_000}
# Minutes that every job has for its start, its files and a slow disk; no limit is longer than a day, which
# most sites allow. Preparing data of unknown number has PREPARE_MINUTES.
LEAST_MINUTES, MOST_MINUTES, PREPARE_MINUTES = 30, 1440, 360
# MB of main memory. Prepared data of any size are mapped, not read into memory.
LARGE_MB, SMALL_MB = 16_000, 4_000
# The parts of a stage's work that take their time.
PASSES = {
    "train": (cost.training,),
    "sample": (cost.sampling,),
    "evaluate": (cost.measuring,),
    "compose": (cost.composing,),
    "resample": (cost.resampling, cost.remeasuring),
}


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
    limit = LEAST_MINUTES
    if stage == "prepare" and large:
        limit = PREPARE_MINUTES
    elif stage in PASSES:
        limit = sum(minutes(params, work(params, item), datasets[0]) for work in PASSES[stage])
    return Resources(
        gpu=int(uses_gpu and params.compute.device != "cpu"),
        mem_mb=LARGE_MB if large else SMALL_MB,
        minutes=min(MOST_MINUTES, limit),
    )


def minutes(params: Params, passes: int, dataset: Dataset) -> int:
    """Wall-clock limit: the time of `passes` of single examples of `dataset`, and that of getting started."""
    device = "cpu" if params.compute.device == "cpu" else "gpu"
    rate = SMALL_PASSES[device]
    if dataset.large:
        rate = LARGE_PASSES[device] * (32 / dataset.size) ** 2
    return min(MOST_MINUTES, LEAST_MINUTES + int(passes / rate / 60))


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
