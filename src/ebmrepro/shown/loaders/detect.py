"""Stage detect: energies of test images against those of out-of-distribution images."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ebmrepro.shown.load import Source
from ebmrepro.shown.loaders.evaluate import Measured, first_seeds, members


class Detected(NamedTuple):
    """Out of distribution: the `sets`, and each run's metrics (ood_auroc_<set>, ood_fpr95_<set>) by seed.

    `arrays` by run, of its seed in `shown`: densities `histogram/<set>` (bins,) of the energy over `edges`
    (bins + 1,), the set `in` being the data's own test images.
    """

    name: str
    sets: list[str]
    runs: list[Measured]
    shown: Mapping[str, int] = {}
    arrays: Mapping[str, Mapping[str, np.ndarray]] = {}


def for_figure(source: Source) -> tuple[Detected, list]:
    """The metrics, with the histograms of each run's first seed."""
    made = for_table(source)
    seeds, arrays, about = first_seeds(source)
    return made._replace(shown=seeds, arrays=arrays), [made.sets, about]


def for_table(source: Source) -> Detected:
    """The metrics of every run and seed."""
    return Detected(source.item, source.content["sets"], members(source))
