"""What the figures and tables draw: a run's identity and one record for each stage's files."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd

from ebm.params import Params

METHODS = {"mle": "ML", "cd": "CD", "icd": "ICD"}


class NothingToShow(ValueError):
    """The experiment has no run that a figure or table of this kind can show."""


class RunLabel(NamedTuple):
    """A run: `name` in params.yaml, its `dataset`, its `objective` kind, the `label` that readers see.

    `variant`: the part of the label beside the method, shared by runs that differ in the method alone.
    """

    name: str
    dataset: str
    objective: str
    label: str
    variant: str = ""


class Outcome(NamedTuple):
    """How a seed's training ended: `diverged_at` is the 0-based iteration, None if it finished."""

    diverged_at: int | None
    cause: str | None = None


FINISHED = Outcome(None)


@dataclass(frozen=True)
class Curves:
    """A run's training log (columns of ebm.training.log, all seeds) and each seed's outcome."""

    run: RunLabel
    log: pd.DataFrame
    outcomes: Mapping[int, Outcome]


@dataclass(frozen=True)
class LongChains:
    """Chains from common starts: `with_transitions`, `without` (frames, starts, chains, C, H, W), uint8.

    `steps`: Langevin steps taken at each frame.
    """

    with_transitions: np.ndarray
    without: np.ndarray
    steps: list[int]


@dataclass(frozen=True)
class Samples:
    """One seed's samples (n, C, H, W) and strip (frames, chains, C, H, W), uint8; `steps` taken by each."""

    run: RunLabel
    samples: np.ndarray
    strip: np.ndarray
    steps: int
    outcome: Outcome = FINISHED
    long: LongChains | None = None


@dataclass(frozen=True)
class SampledSeeds:
    """A run's samples by seed."""

    run: RunLabel
    seeds: Mapping[int, Samples]


@dataclass(frozen=True)
class Drawn:
    """One seed's arrays from evaluate; `true_log_density` (n, n) in nats for 2-D data, else None."""

    run: RunLabel
    arrays: Mapping[str, np.ndarray]
    true_log_density: np.ndarray | None = None
    outcome: Outcome = FINISHED


@dataclass(frozen=True)
class Measured:
    """A run's metrics by seed, each seed's outcome, and the data set's own reference numbers.

    `switches`: which components the run has (ebm.params.switches).
    """

    run: RunLabel
    metrics: Mapping[int, Mapping[str, float | None]]
    outcomes: Mapping[int, Outcome]
    reference: Mapping[str, float] = field(default_factory=dict)
    switches: Mapping[str, str | int | bool | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Composed:
    """A composition: `words` of each expression and the share of real test images that satisfy it.

    `metrics` (accuracy_<expression>) and `outcomes` by seed; of `seed` the samples (n, C, H, W), uint8, and
    whether each satisfies its expression (n,).
    """

    name: str
    words: Mapping[str, str]
    shares: Mapping[str, float]
    metrics: Mapping[int, Mapping[str, float | None]]
    outcomes: Mapping[int, Outcome]
    seed: int | None = None
    samples: Mapping[str, np.ndarray] = field(default_factory=dict)
    satisfied: Mapping[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class Detected:
    """Outliers: the `sets`, and each run's metrics (ood_auroc_<set>, ood_fpr95_<set>) by seed.

    `densities` (bins,) of the energy by run and set, 'in' being the data's own test images, over the run's
    `edges` (bins + 1,); of `seed`.
    """

    name: str
    sets: list[str]
    runs: list[Measured]
    seed: int | None = None
    densities: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)
    edges: Mapping[str, np.ndarray] = field(default_factory=dict)


def items_of(params: Params, stage: str, experiment: str) -> list[str]:
    """Names of an experiment's items of stage `compose` (compositions) or `detect` (outliers)."""
    section = {"compose": params.compositions, "detect": params.outliers}[stage]
    return [name for name, entry in section.items() if entry.experiment == experiment]


def composed(content: Mapping, expressions: Iterable[str]) -> Composed:
    """The composition in a metrics file of stage `compose`, its expressions in the order given.

    Raises NothingToShow if one is not in the file.
    """
    seeds, name = content["seeds"], content["composition"]
    words = {}
    for key in expressions:
        if key not in content["words"]:
            raise NothingToShow(f"composition {name} was made without {key}: run `ebm compose {name}`")
        words[key] = content["words"][key]
    metrics = {int(seed): entry["metrics"] for seed, entry in seeds.items()}
    return Composed(name, words, content["shares"], metrics, read_outcomes(seeds))


def detected(content: Mapping, labels: list[RunLabel]) -> Detected:
    """The outliers in a metrics file of stage `detect`, for the runs in `labels`.

    Raises NothingToShow if one is not in the file.
    """
    runs = []
    for label in labels:
        if label.name not in content["runs"]:
            name = content["outliers"]
            raise NothingToShow(f"outliers {name} were scored without {label.name}: run `ebm detect {name}`")
        seeds = content["runs"][label.name]["seeds"]
        metrics = {int(seed): entry["metrics"] for seed, entry in seeds.items()}
        runs.append(Measured(label, metrics, read_outcomes(seeds)))
    return Detected(content["outliers"], content["sets"], runs)


def read_outcomes(seeds: Mapping[str, Mapping]) -> dict[int, Outcome]:
    """Outcomes by seed from the `seeds` of a status or metrics file."""
    return {
        int(seed): Outcome(entry["iteration"], entry["cause"]) if entry["outcome"] == "diverged" else FINISHED
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


def heading(run: RunLabel, outcome: Outcome) -> str:
    """Data set and label of a run, and where the seed that is shown diverged."""
    return f"{as_title(run.dataset)}, {run.label}{ended(outcome)}"


def ended(outcome: Outcome) -> str:
    """What a title adds for a seed that diverged."""
    return "" if outcome.diverged_at is None else f", diverged at {outcome.diverged_at}"
