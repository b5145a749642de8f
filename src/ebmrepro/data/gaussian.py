"""The n-dimensional standard normal, about 1000 points: the term report's toy problem."""

import numpy as np

from ebmrepro.data.prepared import Arrays, Prepared
from ebmrepro.params.datasets.gaussian import GaussianData


def make(config: GaussianData) -> tuple[np.ndarray, np.ndarray]:
    """Train and test points of N(0, I): float32 of shapes (train_size, dim) and (test_size, dim)."""
    rng = np.random.default_rng([config.seed, 1])
    points = rng.standard_normal((config.train_size + config.test_size, config.dim))
    points = points.astype(np.float32)
    return points[: config.train_size], points[config.train_size :]


def prepare(config: GaussianData) -> Prepared:
    """Its points, and the mean (dim,) and covariance (dim, dim) of their law."""
    train, test = map(Arrays, make(config))
    reference = {"mean": np.zeros(config.dim), "covariance": np.eye(config.dim)}
    return Prepared({"train": train, "test": test}, reference)
