"""Stage train: a run's training log."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from ebmrepro.files import workspace
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.root import Params
from ebmrepro.params.shown import Shown
from ebmrepro.shown.data import Outcome, RunLabel, of_run
from ebmrepro.shown.loaders import files


@dataclass(frozen=True)
class Curves:
    """A run's training log (columns of ebmrepro.training.log, all seeds) and each seed's outcome."""

    run: RunLabel
    log: pd.DataFrame
    outcomes: Mapping[int, Outcome]


def for_figure(params: Params, shown: Shown, item: str, labels: list[RunLabel]) -> tuple[Curves, str]:
    """The log and how each seed ended."""
    status = workspace.load_json(files.place(params, shown, item, ".json"))
    path = files.place(params, shown, item, ".csv")
    text = workspace.read_text(path, status.get("log_sha256", ""))
    try:
        log = pd.read_csv(io.StringIO(text))
        curves = Curves(of_run(labels, item), log, files.outcomes(status["seeds"]))
        _ = log[["seed", "iteration", "energy_gap"]]
    except (ValueError, KeyError):
        raise WorkspaceError(f"{path} is no training log: delete it, then run `snakemake`") from None
    return curves, workspace.data_sha256([text, status["seeds"]])
