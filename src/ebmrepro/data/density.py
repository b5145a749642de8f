"""Points of a two-dimensional density of the room `densities`, whose log density is exact."""

from importlib import import_module
from types import ModuleType

import numpy as np

from ebmrepro.data.prepared import Arrays, Prepared
from ebmrepro.params.datasets.density import DensityData


def density(shape: str) -> ModuleType:
    """The module `shape` of the room: `sample(rng, n)` and `log_density(points)`."""
    return import_module(f"ebmrepro.data.densities.{shape}")


def prepare(config: DensityData) -> Prepared:
    """Points float32 (train_size, 2) and (test_size, 2), and the true log density of the test points."""
    rng = np.random.default_rng([config.seed, 2])
    law = density(config.shape)
    points = law.sample(rng, config.train_size + config.test_size).astype(np.float32)
    train, test = points[: config.train_size], points[config.train_size :]
    truth = law.log_density(test.astype(np.float64))
    measures = {"true_test_log_likelihood": float(truth.mean())}
    return Prepared({"train": Arrays(train), "test": Arrays(test)}, {"test_log_density": truth}, measures)
