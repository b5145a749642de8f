"""Stage compare: the runs of several experiments, with what a training step of each costs."""

from typing import NamedTuple

from ebmrepro.shown.load import Source
from ebmrepro.shown.loaders.evaluate import Measured, members

# What a comparison measures itself; the rest it has from the other stages.
COSTS = ("seconds_per_step", "forward_passes", "backward_passes")


class Compared(NamedTuple):
    """A comparison: all its runs with quality and cost, timed on `device`."""

    name: str
    device: str
    runs: list[Measured]


def for_figure(source: Source) -> tuple[Compared, list]:
    """The metrics of every run and seed."""
    return for_table(source), [source.content[key] for key in ("device", "runs", "references")]


def for_table(source: Source) -> Compared:
    """The metrics of every run and seed."""
    return Compared(source.item, source.content["device"], members(source))
