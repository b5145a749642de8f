"""What is learnt from a data set's own images so that others can be measured with it.

A module that the settings of such a thing name as their `implementation` has

    learn(config, images) -> Learnt
    check(config, sizes) -> measures        before any work, where it can be refused by an error
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import torch


class Images(NamedTuple):
    """The parts of the data set `name` by name: uint8 images `x` (n, C, H, W) and int64 labels (n,) by
    attribute, which may be mapped from files. `values`: those of each attribute, as far as they are known.
    """

    name: str
    parts: Mapping[str, Mapping[str, np.ndarray]]
    values: Mapping[str, tuple[str, ...]]
    seed: int
    device: "torch.device"
    workers: int


class Learnt(NamedTuple):
    """Tensors and metadata that `ebm prepare` keeps in the reference file, measures that it tells."""

    tensors: Mapping[str, np.ndarray]
    metadata: Mapping[str, Mapping] = {}
    measures: Mapping[str, float] = {}
