"""When a training died: it diverged (training/guard.py), or its samples left the data for good."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy import stats

COLLAPSED = "collapsed"
# Of `buffer_distance`, the energy statistic H between replay buffer and data (training/buffer_distance.py).
LIMIT = 0.1


def collapsed_at(log: pd.DataFrame) -> int | None:
    """The first logged iteration from which on `buffer_distance` stays above LIMIT, to the end or to the
    divergence; None if there is none, or no such column.

    `log`: that of one seed, in the order of its iterations.
    """
    if "buffer_distance" not in log:
        return None
    measured = log[log.buffer_distance.notna()]
    near = np.flatnonzero(measured.buffer_distance <= LIMIT)
    if len(near) in (0, len(measured)) or near[-1] + 1 == len(measured):
        return None
    return int(measured.iteration.iloc[near[-1] + 1])


def kaplan_meier(iterations: Iterable[float], died: Iterable[bool]):
    """The share of trainings that survive so many iterations (Kaplan and Meier, 1958), with `iterations` of
    each and whether it `died` then or was stopped: scipy's EmpiricalDistributionFunction."""
    alive = ~np.array([*died], bool)
    return stats.ecdf(stats.CensoredData.right_censored(np.array([*iterations], float), alive)).sf


def median_survival(iterations: Iterable[float], died: Iterable[bool]) -> float:
    """The iteration at which half of the trainings have died, by Kaplan and Meier; infinite if more lived."""
    found = kaplan_meier(iterations, died)
    # A share of 4/8 is not to be missed by rounding.
    half = found.quantiles[found.probabilities <= 0.5 + 1e-9]
    return float(half[0]) if len(half) else np.inf
