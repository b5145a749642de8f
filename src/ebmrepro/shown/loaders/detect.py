"""Stage detect: energies of test images against those of outliers."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ebmrepro.shown.load import Source
from ebmrepro.shown.loaders.evaluate import Measured, first_seeds, members


class Detected(NamedTuple):
    """Outliers: the `sets`, and each run's metrics (ood_auroc_<set>, ood_fpr95_<set>) by seed.

    `densities` (bins,) of the energy by run and set, 'in' being the data's own test images, over the run's
    `edges` (bins + 1,); of the run's seed in `shown`.
    """

    name: str
    sets: list[str]
    runs: list[Measured]
    shown: Mapping[str, int] = {}
    densities: Mapping[str, Mapping[str, np.ndarray]] = {}
    edges: Mapping[str, np.ndarray] = {}


def for_figure(source: Source) -> tuple[Detected, list]:
    """The metrics, with the histograms of each run's first seed."""
    made = for_table(source)
    seeds, arrays, about = first_seeds(source)
    densities = {
        run: {key: own[f"histogram/{key}"] for key in ("in", *made.sets)} for run, own in arrays.items()
    }
    edges = {run: own["edges"] for run, own in arrays.items()}
    return made._replace(shown=seeds, densities=densities, edges=edges), [made.sets, about]


def for_table(source: Source) -> Detected:
    """The metrics of every run and seed."""
    return Detected(source.item, source.content["sets"], members(source))
