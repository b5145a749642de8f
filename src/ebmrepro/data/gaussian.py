"""The n-dimensional standard normal, about 1000 points: the term report's toy problem."""

import numpy as np

from ebmrepro.data.prepared import Arrays, Prepared
from ebmrepro.params.datasets.gaussian import GaussianData


def prepare(config: GaussianData) -> Prepared:
    """Points of N(0, I), float32 (train_size, dim), (test_size, dim); mean (dim,), covariance (dim, dim)."""
    rng = np.random.default_rng([config.seed, 1])
    points = rng.standard_normal((config.train_size + config.test_size, config.dim)).astype(np.float32)
    parts = {"train": Arrays(points[: config.train_size]), "test": Arrays(points[config.train_size :])}
    return Prepared(parts, {"mean": np.zeros(config.dim), "covariance": np.eye(config.dim)})
