"""The simplest model of binary images, every pixel by itself: what a learnt one must be better than."""

import numpy as np

from ebmrepro.data.prepared import Arrays, Prepared


def with_independent_pixels(train: np.ndarray, test: np.ndarray) -> Prepared:
    """Binary data `train` (n, d) and `test` (m, d) of 0 and 1, with the means of the training pixels (d,) and
    the mean log-likelihood in nats of the test data under them.

    The means are smoothed, (k + 1) / (n + 2), so that a pixel that is off in all training images does not
    make a test image impossible.
    """
    mean = (train.sum(0, dtype=np.float64) + 1) / (len(train) + 2)
    log_likelihood = (test * np.log(mean) + (1 - test) * np.log1p(-mean)).sum(1).mean()
    parts = {"train": Arrays(train), "test": Arrays(test)}
    return Prepared(parts, {"mean": mean}, {"independent_pixels_log_likelihood": float(log_likelihood)})
