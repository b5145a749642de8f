"""What a figure or table shows: its runs' labels, a record for each item of its stage, and their digest."""

from importlib import import_module
from typing import Literal

from ebmrepro.params.root import Params
from ebmrepro.params.shown import Shown, loader
from ebmrepro.shown.data import RunLabel
from ebmrepro.shown.labels import label_runs


def load(params: Params, shown: Shown, what: Literal["figure", "table"]) -> tuple[list[RunLabel], list, list]:
    """Labels of the runs shown; a record for each item, as shown/loaders says, and data that identify it."""
    read = getattr(import_module(loader(shown.stage)), f"for_{what}")
    labels = label_runs(params, params.shown_runs(shown.stage, shown.experiment))
    items = params.items_of(shown.stage, shown.experiment)
    loaded = [read(params, shown, item, labels) for item in items]
    return labels, [record for record, _ in loaded], [about for _, about in loaded]
