"""Stage evaluate: a run's metrics, and what was kept of its models for figures."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.datasets import Dataset
from ebmrepro.shown.load import Source, arrays_sha256, metrics, outcomes
from ebmrepro.shown.runs import FINISHED, NothingToShow, Outcome, RunLabel


class Drawn(NamedTuple):
    """One seed's arrays, and the settings of the run's data set."""

    run: RunLabel
    arrays: Mapping[str, np.ndarray]
    dataset: Dataset | None = None
    outcome: Outcome = FINISHED


class Measured(NamedTuple):
    """A run's metrics by seed, each seed's outcome, and the data set's own reference numbers.

    `switches`: those of params.methods. `likelihood`: how that of binary data was measured.
    """

    run: RunLabel
    metrics: Mapping[int, Mapping[str, float | None]]
    outcomes: Mapping[int, Outcome]
    reference: Mapping[str, float] = {}
    switches: Mapping[str, str | int | float | bool | None] = {}
    likelihood: str = ""


def for_figure(source: Source) -> tuple[Drawn | Measured, list]:
    """What was kept of the first seed, or the metrics of every seed."""
    if source.every_seed:
        return for_table(source), [source.content]
    seed = source.params.seeds_of(source.item)[0]
    # A Gaussian has metrics and nothing to draw.
    arrays = source.of_seed(seed) if source.tensors[0] else {}
    outcome = outcomes(source.content["seeds"])[seed]
    label = source.label(source.item)
    dataset = source.params.datasets[label.dataset]
    return Drawn(label, arrays, dataset, outcome), [arrays_sha256(arrays), outcome]


def for_table(source: Source) -> Measured:
    """The metrics of every seed."""
    try:
        return measured(source.content, source.label(source.item))
    except KeyError:
        remedy = f"delete it, then run `ebm evaluate {source.item}`"
        raise WorkspaceError(f"{source.path('.json')} holds no metrics: {remedy}") from None


def measured(content: Mapping, label: RunLabel) -> Measured:
    """The run in a metrics file of stage evaluate or resample."""
    seeds = content["seeds"]
    return Measured(
        label,
        metrics(seeds),
        outcomes(seeds),
        content.get("reference", {}),
        # Files of before there were switches have none: tables that need them say so.
        content.get("switches", {}),
        content.get("likelihood", ""),
    )


def members(source: Source) -> list[Measured]:
    """The runs in a metrics file of a stage that measures those of an experiment together."""
    content, runs = source.content, []
    for label in source.labels:
        if label.name not in content["runs"]:
            remedy = f"run `ebm {source.stage} {source.item}`"
            raise NothingToShow(f"{source.item} was made without {label.name}: {remedy}")
        # Only a comparison says what each run's data set gives by itself.
        reference = content.get("references", {}).get(label.dataset, {})
        runs.append(measured(content["runs"][label.name] | {"reference": reference}, label))
    return runs


def first_seeds(source: Source) -> tuple[dict[str, int], dict[str, dict[str, np.ndarray]], list]:
    """By run its first seed and the arrays of that in such a stage's files, and what identifies them."""
    seeds = {label.name: source.params.seeds_of(label.name)[0] for label in source.labels}
    arrays = {run: source.of_seed(f"{run}/{seed}") for run, seed in seeds.items()}
    entries = {run: source.content["runs"][run]["seeds"][str(seed)] for run, seed in seeds.items()}
    return seeds, arrays, [[arrays_sha256(arrays[run]), entries[run]] for run in seeds]
