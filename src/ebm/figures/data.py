"""What the figures and tables draw: a run's identity and one record for each stage's files."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from ebm.params import Params

METHODS = {"mle": "ML", "cd": "CD", "icd": "ICD"}


class NothingToShow(ValueError):
    """The experiment has no run that a figure or table of this kind can show."""


class RunLabel(NamedTuple):
    """A run: `name` in params.yaml, its `dataset`, its `objective` kind, the `label` that readers see."""

    name: str
    dataset: str
    objective: str
    label: str


class Outcome(NamedTuple):
    """How a seed's training ended: `diverged_at` is the 0-based iteration, None if it finished."""

    diverged_at: int | None
    cause: str | None = None


@dataclass(frozen=True)
class Curves:
    """A run's training log (columns of ebm.training.log, all seeds) and each seed's outcome."""

    run: RunLabel
    log: pd.DataFrame
    outcomes: Mapping[int, Outcome]


@dataclass(frozen=True)
class Samples:
    """One seed's samples (n, C, H, W) and strip (frames, chains, C, H, W), uint8; `steps` taken by each."""

    run: RunLabel
    samples: np.ndarray
    strip: np.ndarray
    steps: int


@dataclass(frozen=True)
class Drawn:
    """One seed's arrays from evaluate; `true_log_density` (n, n) in nats for 2-D data, else None."""

    run: RunLabel
    arrays: Mapping[str, np.ndarray]
    true_log_density: np.ndarray | None = None


@dataclass(frozen=True)
class Measured:
    """A run's metrics by seed, each seed's outcome, and the data set's own reference numbers."""

    run: RunLabel
    metrics: Mapping[int, Mapping[str, float | None]]
    outcomes: Mapping[int, Outcome]
    reference: Mapping[str, float]


def label_runs(params: Params, experiment: str) -> list[RunLabel]:
    """The runs of an experiment, labelled by method where that tells those of a data set apart."""
    kinds = {name: params.resolve(name, "objective").kind for name in params.runs_of(experiment)}
    seen = Counter((params.runs[name].dataset, kind) for name, kind in kinds.items())
    labels = []
    for name, kind in kinds.items():
        dataset = params.runs[name].dataset
        unique = seen[dataset, kind] == 1
        labels.append(RunLabel(name, dataset, kind, METHODS.get(kind, kind) if unique else name))
    return labels


def read_outcomes(seeds: Mapping[str, Mapping]) -> dict[int, Outcome]:
    """Outcomes by seed from the `seeds` of a status or metrics file."""
    return {
        int(seed): Outcome(entry["iteration"], entry["cause"])
        if entry["outcome"] == "diverged"
        else Outcome(None)
        for seed, entry in seeds.items()
    }


def arrays_sha256(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 over names, types, shapes and contents of arrays, hexadecimal."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode() + array.tobytes())
    return digest.hexdigest()


def by_dataset(items: Iterable) -> dict[str, list]:
    """Items that have a `run`, grouped by data set in order of first appearance."""
    groups: dict[str, list] = {}
    for item in items:
        groups.setdefault(item.run.dataset, []).append(item)
    return groups


def as_title(dataset: str) -> str:
    """A data set's name as a heading."""
    return dataset.replace("_", " ")
