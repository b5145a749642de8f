"""Stage evaluate: a run's metrics, and what was kept of its models for figures."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ebmrepro.files import workspace
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.datasets import Dataset
from ebmrepro.params.root import Params
from ebmrepro.params.shown import Shown
from ebmrepro.shown.data import FINISHED, Outcome, RunLabel, of_run
from ebmrepro.shown.loaders import files


@dataclass(frozen=True)
class Drawn:
    """One seed's arrays, and the settings of the run's data set."""

    run: RunLabel
    arrays: Mapping[str, np.ndarray]
    dataset: Dataset | None = None
    outcome: Outcome = FINISHED


@dataclass(frozen=True)
class Measured:
    """A run's metrics by seed, each seed's outcome, and the data set's own reference numbers.

    `switches`: which components the run has (params.switches). `likelihood`: how that of binary data was
    measured.
    """

    run: RunLabel
    metrics: Mapping[int, Mapping[str, float | None]]
    outcomes: Mapping[int, Outcome]
    reference: Mapping[str, float] = field(default_factory=dict)
    switches: Mapping[str, str | int | bool | None] = field(default_factory=dict)
    likelihood: str = ""


def for_figure(params: Params, shown: Shown, item: str, labels: list[RunLabel]) -> tuple[Drawn, str]:
    """What was kept of the first seed."""
    path = files.place(params, shown, item, ".safetensors")
    tensors, _ = workspace.load_tensors(path)
    seed = params.seeds_of(item)[0]
    # A Gaussian has metrics and nothing to draw.
    arrays = files.of_seed(tensors, seed, path) if tensors else {}
    outcome = files.outcomes(workspace.load_json(path.with_suffix(".json"))["seeds"])[seed]
    label = of_run(labels, item)
    drawn = Drawn(label, arrays, params.datasets[label.dataset], outcome)
    return drawn, workspace.data_sha256([files.arrays_sha256(arrays), [*outcome]])


def for_table(params: Params, shown: Shown, item: str, labels: list[RunLabel]) -> tuple[Measured, dict]:
    """The metrics of every seed."""
    path = files.place(params, shown, item, ".json")
    content = workspace.load_json(path)
    try:
        return measured(content, of_run(labels, item)), content
    except KeyError:
        raise WorkspaceError(f"{path} holds no metrics: delete it, then run `ebm evaluate {item}`") from None


def measured(content: Mapping, label: RunLabel) -> Measured:
    """The run in a metrics file of stage evaluate or resample."""
    seeds = content["seeds"]
    return Measured(
        label,
        files.metrics(seeds),
        files.outcomes(seeds),
        content.get("reference", {}),
        # Files of before there were switches have none: tables that need them say so.
        content.get("switches", {}),
        content.get("likelihood", ""),
    )
