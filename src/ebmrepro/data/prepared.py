"""What the module of each kind of data set gives to `ebm prepare`: its parts and what is known of them.

A part is in memory (`Arrays`) or, where it may be larger than that, comes sample by sample (`Stream`). Both
have a length and `values`, those of the attributes in the order of their numbers, as far as files name them.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np


class Arrays:
    """Samples `x` (n, ...), float32 or uint8, and `labels` (n,) int64 by attribute."""

    def __init__(self, x: np.ndarray, labels: Mapping[str, np.ndarray] = {}):
        self.x, self.labels, self.values = x, labels, {}

    def __len__(self) -> int:
        return len(self.x)


class Stream:
    """Samples and their numbers by attribute, read anew by each iteration, one in memory at a time.

    Once it has ended, `corrupt` names those that could not be decoded and were left out. The length is how
    many are asked for.
    """

    def __init__(self):
        self.corrupt: list[str] = []
        self.values: Mapping[str, tuple[str, ...]] = {}


class Prepared(NamedTuple):
    """The parts `train` and `test`, and what is known besides.

    `reference`: arrays that samples are measured with; `measures`: numbers about the data themselves, in nats
    if log-likelihoods. `fetch` gets the files that the parts are read from; it is called once, after what can
    be refused without them was refused. `facts`, asked when the parts were written, go into the manifest.
    """

    parts: Mapping[str, Arrays | Stream]
    reference: Mapping[str, np.ndarray] = {}
    measures: Mapping[str, float] = {}
    fetch: Callable[[], None] = lambda: None
    facts: Callable[[], Mapping] = dict
