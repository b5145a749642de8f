"""Maximum mean discrepancy (Gretton et al., 2012), Gaussian kernel, median bandwidth."""

import numpy as np
from scipy.spatial.distance import cdist, pdist


def median_bandwidth(points: np.ndarray) -> float:
    """The median distance between pairs of `points` (n, d)."""
    return float(np.median(pdist(points)))


def mmd_squared(x: np.ndarray, y: np.ndarray, bandwidth: float) -> float:
    """Unbiased estimate of MMD^2 between samples x (n, d) and y (m, d); may be slightly negative.

    k(a, b) = exp(-|a - b|^2 / (2 bandwidth^2)).
    """

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.exp(-cdist(a, b, "sqeuclidean") / (2 * bandwidth**2))

    n, m = len(x), len(y)
    within_x = (kernel(x, x).sum() - n) / (n * (n - 1))
    within_y = (kernel(y, y).sum() - m) / (m * (m - 1))
    return float(within_x + within_y - 2 * kernel(x, y).mean())
