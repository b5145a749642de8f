"""Stages that measure all runs of an experiment together: one metrics file over several runs."""

from ebmrepro.files import workspace
from ebmrepro.params.root import Params
from ebmrepro.params.shown import Shown
from ebmrepro.shown.data import NothingToShow, RunLabel
from ebmrepro.shown.loaders import files
from ebmrepro.shown.loaders.evaluate import Measured


def members(params: Params, shown: Shown, item: str, labels: list[RunLabel]) -> tuple[list[Measured], dict]:
    """The runs in `labels` in the metrics file of an item, and the file's contents."""
    content = workspace.load_json(files.place(params, shown, item, ".json"))
    runs = []
    for label in labels:
        if label.name not in content["runs"]:
            raise NothingToShow(f"{item} was made without {label.name}: run `ebm {shown.stage} {item}`")
        seeds = content["runs"][label.name]["seeds"]
        # Of a comparison alone: what each run's data set gives by itself.
        reference = content.get("references", {}).get(label.dataset, {})
        runs.append(Measured(label, files.metrics(seeds), files.outcomes(seeds), reference))
    return runs, content
