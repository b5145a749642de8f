"""scikit-learn's handwritten digits as grey images."""

import numpy as np

from ebmrepro.data.digits_split import FULL_SCALE, split_digits
from ebmrepro.data.prepared import Arrays, Prepared
from ebmrepro.params.datasets.digits import DigitsData


def make(config: DigitsData) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Train images, train labels, test images, test labels.

    Images are uint8 of shape (n, 1, 8, 8) in 0..255 (the set's 0..16 scaled), labels int64 in 0..9.
    """
    train, test, train_labels, test_labels = split_digits(config.test_fraction, config.seed)
    train, test = (np.rint(part * (255 / FULL_SCALE)).astype(np.uint8)[:, None] for part in (train, test))
    return train, train_labels.astype(np.int64), test, test_labels.astype(np.int64)


def prepare(config: DigitsData) -> Prepared:
    """Its images and labels."""
    train, train_labels, test, test_labels = make(config)
    return Prepared(
        {"train": Arrays(train, {"label": train_labels}), "test": Arrays(test, {"label": test_labels})}
    )
