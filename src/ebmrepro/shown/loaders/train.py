"""Stage train: a run's training log."""

import io
from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from ebmrepro.files import workspace
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.shown.load import Source, outcomes
from ebmrepro.shown.runs import Outcome, RunLabel


class Curves(NamedTuple):
    """A run's training log (columns of ebmrepro.training.log, all seeds) and each seed's outcome."""

    run: RunLabel
    log: pd.DataFrame
    outcomes: Mapping[int, Outcome]


def for_figure(source: Source) -> tuple[Curves, list]:
    """The log and how each seed ended."""
    status, path = source.content, source.path(".csv")
    text = workspace.read_text(path, status.get("log_sha256", ""))
    try:
        log = pd.read_csv(io.StringIO(text))
        curves = Curves(source.label(source.item), log, outcomes(status["seeds"]))
        _ = log[["seed", "iteration", "energy_gap"]]
    except (ValueError, KeyError):
        raise WorkspaceError(f"{path} is no training log: delete it, then run `snakemake`") from None
    return curves, [text, status["seeds"]]
