"""Stage compare: the runs of several experiments, with what a training step of each costs."""

from collections.abc import Mapping
from typing import NamedTuple

from ebmrepro.shown.load import Source
from ebmrepro.shown.loaders.evaluate import Measured, members

# What a comparison measures itself; the rest it has from the other stages.
COSTS = ("seconds_per_step", "forward_passes", "backward_passes", "network_evaluations")


class Compared(NamedTuple):
    """A comparison: all its runs with quality and cost, timed on `device`.

    `ratios`: by run its seconds over those of its `baseline`, as training.cost has them, of runs with one.
    """

    name: str
    device: str
    runs: list[Measured]
    ratios: Mapping[str, Mapping] = {}


def for_figure(source: Source) -> tuple[Compared, list]:
    """The metrics of every run and seed."""
    return for_table(source), [source.content[key] for key in ("device", "runs", "references")]


def for_table(source: Source) -> Compared:
    """The metrics of every run and seed."""
    ratios = {name: run.get("seconds_ratio") for name, run in source.content["runs"].items()}
    known = {name: ratio for name, ratio in ratios.items() if ratio}
    return Compared(source.item, source.content["device"], members(source), known)
