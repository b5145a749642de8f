"""scikit-learn's handwritten digits as binary vectors."""

import numpy as np

from ebmrepro.data.digits_split import FULL_SCALE, split_digits
from ebmrepro.data.independent import with_independent_pixels
from ebmrepro.data.prepared import Prepared
from ebmrepro.params.datasets.binary_digits import BinaryDigitsData


def make(config: BinaryDigitsData) -> tuple[np.ndarray, np.ndarray]:
    """Train and test images, float32 of shape (n, 64), 1 where the grey level over the full scale is above
    `config.threshold`, else 0; pixels in row-major order. The split is that of the grey digits.
    """
    train, test, _, _ = split_digits(config.test_fraction, config.seed)
    train, test = (
        (part.reshape(len(part), -1) / FULL_SCALE > config.threshold).astype(np.float32)
        for part in (train, test)
    )
    return train, test


def prepare(config: BinaryDigitsData) -> Prepared:
    """Its images, and how well independent pixels do."""
    return with_independent_pixels(*make(config))
