"""The n-dimensional standard normal, about 1000 points: the term report's toy problem."""

import numpy as np

from ebmrepro.params.datasets.gaussian import GaussianData


def make(config: GaussianData) -> tuple[np.ndarray, np.ndarray]:
    """Train and test points of N(0, I): float32 of shapes (train_size, dim) and (test_size, dim)."""
    rng = np.random.default_rng([config.seed, 1])
    points = rng.standard_normal((config.train_size + config.test_size, config.dim))
    points = points.astype(np.float32)
    return points[: config.train_size], points[config.train_size :]
