"""Stage resample: the models of a run, sampled and measured by another protocol."""

from collections.abc import Mapping
from dataclasses import dataclass

from ebmrepro.files import workspace
from ebmrepro.params.root import Params
from ebmrepro.params.shown import Shown
from ebmrepro.shown.data import NothingToShow, RunLabel, of_run
from ebmrepro.shown.loaders import files
from ebmrepro.shown.loaders.evaluate import Measured, measured


@dataclass(frozen=True)
class Resampled:
    """The models of a run sampled by a protocol, as `source` does, and what that gives.

    `generation`: the settings of its chains, as params.yaml calls them.
    """

    name: str
    source: str
    generation: Mapping[str, str | float | bool | None]
    measured: Measured


def for_table(params: Params, shown: Shown, item: str, labels: list[RunLabel]) -> tuple[Resampled, dict]:
    """The metrics of every seed; the data set's own numbers stand in the files of stage evaluate."""
    content = workspace.load_json(files.place(params, shown, item, ".json"))
    run = content["run"]
    if all(label.name != run for label in labels):
        raise NothingToShow(f"{item} was made with {run}: run `ebm resample {item}`")
    own = measured(content, of_run(labels, run))
    return Resampled(item, content["source"], content["generation"], own), content
