"""Distances between two samples: maximum mean discrepancy and the 2-Wasserstein distance."""

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist, pdist


def median_bandwidth(points: np.ndarray) -> float:
    """The median distance between pairs of `points` (n, d)."""
    return float(np.median(pdist(points)))


def mmd_squared(
    x: np.ndarray, y: np.ndarray, bandwidth: float, x_is_law: bool = False, y_is_law: bool = False
) -> float:
    """Unbiased estimate of MMD^2 (Gretton et al., 2012) of x (n, d) and y (m, d); may be slightly negative.

    The kernel is k(a, b) = exp(-|a - b|^2 / (2 bandwidth^2)). A sample's own mean kernel leaves out its
    diagonal. A side that is the law itself, its points equally likely, takes it whole: two points drawn from
    a law on finitely many points are the same one now and then. Of two laws this is MMD^2 itself.
    """

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.exp(-cdist(a, b, "sqeuclidean") / (2 * bandwidth**2))

    def within(points: np.ndarray, is_law: bool) -> float:
        values, n = kernel(points, points), len(points)
        return values.mean() if is_law else (values.sum() - n) / (n * (n - 1))

    return float(within(x, x_is_law) + within(y, y_is_law) - 2 * kernel(x, y).mean())


def wasserstein_2(x: np.ndarray, y: np.ndarray) -> float:
    """min over pairings of the root mean squared distance between x (n, d) and y (n, d), in their units.

    Two samples of one law have a distance above 0, which shrinks with n: compare it with that of two samples
    of the data. Time grows as n^3. ValueError unless both have the same shape.
    """
    if x.shape != y.shape:
        raise ValueError(f"both samples must have the same shape, got {x.shape} and {y.shape}")
    costs = cdist(x, y, "sqeuclidean")
    return float(np.sqrt(costs[linear_sum_assignment(costs)].mean()))
