"""scikit-learn's 1,797 real handwritten digits (UCI optical recognition, 8x8), split by class."""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from ebmrepro.params.datasets.binary_digits import BinaryDigitsData
from ebmrepro.params.datasets.digits import DigitsData

# Grey levels of the set are 0..FULL_SCALE.
FULL_SCALE = 16


def make(config: DigitsData) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Train images, train labels, test images, test labels.

    Images are uint8 of shape (n, 1, 8, 8) in 0..255 (the set's 0..16 scaled), labels int64 in 0..9.
    """
    train, test, train_labels, test_labels = _split(config)
    train, test = (np.rint(part * (255 / FULL_SCALE)).astype(np.uint8)[:, None] for part in (train, test))
    return train, train_labels.astype(np.int64), test, test_labels.astype(np.int64)


def make_binary(config: BinaryDigitsData) -> tuple[np.ndarray, np.ndarray]:
    """Train and test images, float32 of shape (n, 64), 1 where the grey level over the full scale is above
    `config.threshold`, else 0; pixels in row-major order. The split is that of `make`.
    """
    train, test, _, _ = _split(config)
    train, test = (
        (part.reshape(len(part), -1) / FULL_SCALE > config.threshold).astype(np.float32)
        for part in (train, test)
    )
    return train, test


def _split(config: DigitsData | BinaryDigitsData) -> list[np.ndarray]:
    """Train and test images (n, 8, 8) in 0..16, train and test labels."""
    source = load_digits()
    return train_test_split(
        source.images,
        source.target,
        test_size=config.test_fraction,
        random_state=config.seed,
        stratify=source.target,
    )
