"""When a training died: it diverged (training/guard.py), or its samples left the data for good."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy import stats

# Of `buffer_distance`, the energy statistic H between replay buffer and data (training/buffer_distance.py).
# What it is of 256 images against 256 others of scikit-learn's digits, and of MNIST in brackets: digits
# 0.003 (0.004); digits with noise of 0.3 of the grey scale 0.02 (0.04); 16 digits again and again 0.03
# (0.04), four of them 0.10 (0.12), one 0.49 (0.55); half digits, half blanks 0.17 (0.12); half grids, half
# blanks 0.22 (0.15); uniform noise, where training starts, 0.23 (0.32); grids of one kind 0.71 (0.74);
# blanks 0.61 (0.46). So above 0.1 the buffer is as far from the data as if half of it, or all classes but
# four images, were gone.
# Pilots at learning rate 0.02 on digits: the buffer of CD, seed 100, came below 0.1 at iteration 380 and was
# at 0.014, digits to the eye, before it diverged at 555; that of CD, seed 201, at 0.08, half digits and half
# blanks and grids, when it diverged at 284; that of ICD, seed 201, never below 0.13, blanks and grids, until
# it diverged at 282.
LIMIT = 0.1


def collapsed_at(log: pd.DataFrame, iterations: int | None) -> int | None:
    """The first logged iteration from which on `buffer_distance` stays above LIMIT, to the end or to the
    divergence; None if there is none, or no such column.

    `log`: that of one seed, in the order of its iterations; `iterations`: all of a training that finished,
    None of one that diverged. The buffer begins as noise. Where it was never nearer than LIMIT there was no
    model to lose: a training that finished has collapsed at its end, and one that diverged has diverged.
    """
    if "buffer_distance" not in log or log.buffer_distance.isna().all():
        return None
    measured = log[log.buffer_distance.notna()]
    near = np.flatnonzero(measured.buffer_distance <= LIMIT)
    if not len(near):
        return iterations
    return None if near[-1] + 1 == len(measured) else int(measured.iteration.iloc[near[-1] + 1])


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
