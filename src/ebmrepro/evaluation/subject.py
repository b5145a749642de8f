"""What every kind of evaluation is given, and what it gives back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from ebmrepro.params.base import Section


@dataclass(frozen=True)
class Subject:
    """The models of a run and their samples, and the data set that they are measured against.

    `energy` loads the energy of a seed. `samples` by seed are images (n, C, H, W) uint8 or points (n, d);
    `long_chains` of the seeds that have them are what `samples.diversity.separation` takes. `data`: arrays by
    part, x among them. `reference` are the tensors that `prepare` keeps, `about` their metadata.
    """

    run: str
    energy: Callable[[int], nn.Module]
    samples: Mapping[int, np.ndarray]
    long_chains: Mapping[int, tuple[np.ndarray, np.ndarray]]
    data: Mapping[str, Mapping[str, np.ndarray]]
    reference: Mapping[str, np.ndarray]
    about: Mapping
    dataset: Section
    device: torch.device
    threads: int = 1


class Numbers(NamedTuple):
    """A seed's `metrics` by name, not finite where its model has diverged, and `arrays` that figures draw."""

    metrics: dict[str, float]
    arrays: dict[str, np.ndarray]


class Measured(NamedTuple):
    """The numbers of each seed, and `facts` of all seeds, which stand beside them in the metrics file."""

    seeds: dict[int, Numbers]
    facts: Mapping[str, str] = {}
