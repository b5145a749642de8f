"""Are samples different from each other, and from the training set?"""

import numpy as np
from scipy.spatial.distance import cdist, pdist


def mean_pairwise_distance(points: np.ndarray) -> float:
    """Mean Euclidean distance between pairs of `points` (n, ...), over all coordinates."""
    return float(pdist(points.reshape(len(points), -1)).mean())


def nearest(points: np.ndarray, reference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distances (n,) from `points` (n, ...) to their nearest `reference` (m, ...), and its indices (n,)."""
    distances = cdist(points.reshape(len(points), -1), reference.reshape(len(reference), -1))
    index = distances.argmin(1)
    return distances[np.arange(len(points)), index], index


def effective_classes(predicted: np.ndarray, classes: int) -> float:
    """exp of the entropy of the predicted class frequencies: `classes` if balanced, 1 if all alike."""
    share = np.bincount(predicted, minlength=classes) / len(predicted)
    share = share[share > 0]
    return float(np.exp(-(share * np.log(share)).sum()))
