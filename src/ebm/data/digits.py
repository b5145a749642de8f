"""scikit-learn's 1,797 real handwritten digits (UCI optical recognition, 8x8), split by class."""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from ebm.params.datasets import DigitsData


def make(config: DigitsData) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Train images, train labels, test images, test labels.

    Images are uint8 of shape (n, 1, 8, 8) in 0..255 (the set's 0..16 scaled), labels int64 in 0..9.
    """
    source = load_digits()
    images = np.rint(source.images * (255 / 16)).astype(np.uint8)[:, None]
    train, test, train_labels, test_labels = train_test_split(
        images,
        source.target,
        test_size=config.test_fraction,
        random_state=config.seed,
        stratify=source.target,
    )
    return train, train_labels.astype(np.int64), test, test_labels.astype(np.int64)
