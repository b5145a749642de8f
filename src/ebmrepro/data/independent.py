"""The simplest model of binary images, every pixel by itself: what a learnt one must be better than."""

import numpy as np

from ebmrepro.data.prepared import Arrays, Prepared


def independent_pixels(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, float]:
    """Means of the pixels (d,) in `train` (n, d), and the mean log-likelihood in nats of `test` (m, d) under
    them.

    Data of 0 and 1. The means are smoothed, (k + 1) / (n + 2), so that a pixel that is off in all training
    images does not make a test image impossible.
    """
    mean = (train.sum(0, dtype=np.float64) + 1) / (len(train) + 2)
    log_likelihood = test * np.log(mean) + (1 - test) * np.log1p(-mean)
    return mean, float(log_likelihood.sum(1).mean())


def with_independent_pixels(train: np.ndarray, test: np.ndarray) -> Prepared:
    """Binary data (n, d) and (m, d) with that model's means and log-likelihood."""
    mean, log_likelihood = independent_pixels(train, test)
    parts = {"train": Arrays(train), "test": Arrays(test)}
    return Prepared(parts, {"mean": mean}, {"independent_pixels_log_likelihood": log_likelihood})
