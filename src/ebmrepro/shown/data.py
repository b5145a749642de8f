"""What the figures and tables draw: a run's identity and one record for each stage's files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ebmrepro.params.denoisings import noise_name

if TYPE_CHECKING:
    # Tables and the report have no training log: they go without.
    import pandas as pd

# What readers call each of params.methods, in the order of figures and tables. The k of a run stands in
# its label.
METHODS = {
    "mle": "ML",
    "cd": "CD",
    "cd_k": "CD-k",
    "pcd": "PCD-k",
    "icd": "ICD",
    "dsm": "DSM",
    "ssm": "SSM",
    "dcd_ve": "DCD-VE",
    "dcd_vp": "DCD-VP",
    "dcd_time": "DCD, time-dependent",
    "wake_sleep": "wake-sleep",
}


class NothingToShow(ValueError):
    """The experiment has no run that a figure or table of this kind can show."""


class RunLabel(NamedTuple):
    """A run: `name` in params.yaml, its `dataset`, `method` (a key of METHODS), the `label` that readers see.

    `variant`: the part of the label beside the method, shared by runs that differ in the method alone.
    """

    name: str
    dataset: str
    method: str
    label: str
    variant: str = ""


class Outcome(NamedTuple):
    """How a seed's training ended: `diverged_at` is the 0-based iteration, None if it finished."""

    diverged_at: int | None
    cause: str | None = None


FINISHED = Outcome(None)


@dataclass(frozen=True)
class Curves:
    """A run's training log (columns of ebmrepro.training.log, all seeds) and each seed's outcome."""

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
    """One seed's samples (n, C, H, W) and strip (frames, chains, C, H, W), uint8; `steps` taken by each.

    `chain`: the kind of generation; samples that were drawn without a chain have no strip.
    """

    run: RunLabel
    samples: np.ndarray
    strip: np.ndarray | None
    steps: int
    chain: str
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

    `switches`: which components the run has (params.switches). `likelihood`: how that of binary data was
    measured.
    """

    run: RunLabel
    metrics: Mapping[int, Mapping[str, float | None]]
    outcomes: Mapping[int, Outcome]
    reference: Mapping[str, float] = field(default_factory=dict)
    switches: Mapping[str, str | int | bool | None] = field(default_factory=dict)
    likelihood: str = ""


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
    `edges` (bins + 1,); of the run's seed in `shown`.
    """

    name: str
    sets: list[str]
    runs: list[Measured]
    shown: Mapping[str, int] = field(default_factory=dict)
    densities: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)
    edges: Mapping[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class Denoised:
    """Denoising at levels of `noise` (of the grey scale 0..1): metrics (`noise_key`) of each run by seed.

    `reference`: metrics by method without a model. `images` (shown, C, H, W), uint8, by run and noise, of the
    run's seed in `shown`, beside the `clean` and the `noisy` ones.
    """

    name: str
    noise: list[float]
    runs: list[Measured]
    reference: Mapping[str, Mapping[str, float]]
    shown: Mapping[str, int] = field(default_factory=dict)
    clean: np.ndarray | None = None
    noisy: Mapping[float, np.ndarray] = field(default_factory=dict)
    images: Mapping[str, Mapping[float, np.ndarray]] = field(default_factory=dict)


@dataclass(frozen=True)
class Compared:
    """A comparison: all its runs with quality and cost, timed on `device`."""

    name: str
    device: str
    runs: list[Measured]


@dataclass(frozen=True)
class Resampled:
    """The models of a run sampled by a protocol, as `source` does, and what that gives.

    `generation`: the settings of its chains, as params.yaml calls them.
    """

    name: str
    source: str
    generation: Mapping[str, str | float | bool | None]
    measured: Measured


def noise_key(metric: str, noise: float) -> str:
    """The key of a denoising metric (psnr, ssim, strength) at a level of noise: denoise_psnr_0_1."""
    return f"denoise_{metric}_{noise_name(noise)}"


def arrays_sha256(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 over names, types, shapes and contents of arrays, hexadecimal."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.data)
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
