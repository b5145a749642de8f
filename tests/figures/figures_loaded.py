"""What a figure is drawn from, as the loader of its kind's stage reads it."""

from ebmrepro.params.kinds import kinds
from ebmrepro.params.root import Params
from ebmrepro.shown.load import load


def loaded(params: Params, kind: str, experiment: str) -> list:
    """The records of a figure of `kind` of an experiment or comparison."""
    shown = kinds("figures")[kind](kind=kind, experiment=experiment, caption="")
    return load(params, shown, "figure")[1]
