"""The 2-Wasserstein distance between two samples, by exact optimal transport."""

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist


def wasserstein_2(x: np.ndarray, y: np.ndarray) -> float:
    """min over pairings of the root mean squared distance between x (n, d) and y (n, d), in their units.

    Of two samples, not of their laws: two samples of one law have a distance above 0, which shrinks with n;
    compare it with that of two samples of the data. Time grows as n^3. Raises ValueError unless both have
    the same shape.
    """
    if x.shape != y.shape:
        raise ValueError(f"both samples must have the same shape, got {x.shape} and {y.shape}")
    costs = cdist(x, y, "sqeuclidean")
    return float(np.sqrt(costs[linear_sum_assignment(costs)].mean()))
