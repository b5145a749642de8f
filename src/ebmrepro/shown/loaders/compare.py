"""Stage compare: the runs of several experiments, with what a training step of each costs."""

from dataclasses import dataclass

from ebmrepro.files import workspace
from ebmrepro.params.root import Params
from ebmrepro.params.shown import Shown
from ebmrepro.shown.data import RunLabel
from ebmrepro.shown.loaders.evaluate import Measured
from ebmrepro.shown.loaders.members import members


@dataclass(frozen=True)
class Compared:
    """A comparison: all its runs with quality and cost, timed on `device`."""

    name: str
    device: str
    runs: list[Measured]


def for_figure(params: Params, shown: Shown, item: str, labels: list[RunLabel]) -> tuple[Compared, str]:
    """The metrics of every run and seed."""
    made, content = for_table(params, shown, item, labels)
    about = [content["device"], content["runs"], content["references"]]
    return made, workspace.data_sha256(about)


def for_table(params: Params, shown: Shown, item: str, labels: list[RunLabel]) -> tuple[Compared, dict]:
    """The metrics of every run and seed."""
    runs, content = members(params, shown, item, labels)
    return Compared(item, content["device"], runs), content
