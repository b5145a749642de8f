"""The split by class of scikit-learn's 1,797 real handwritten digits (UCI optical recognition, 8x8)."""

import numpy as np
from sklearn.datasets import load_digits

from ebmrepro.data.split_by_class import split_by_class

# Grey levels of the set are 0..FULL_SCALE.
FULL_SCALE = 16


def split_digits(test_fraction: float, seed: int) -> list[np.ndarray]:
    """Train and test images (n, 8, 8) in 0..FULL_SCALE, train and test labels (n,) in 0..9."""
    source = load_digits()
    return split_by_class(source.images, source.target, test_fraction, seed)
