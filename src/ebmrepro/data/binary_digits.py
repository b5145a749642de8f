"""scikit-learn's handwritten digits as binary vectors."""

import numpy as np

from ebmrepro.data.digits_split import FULL_SCALE, split_digits
from ebmrepro.data.independent import with_independent_pixels
from ebmrepro.data.prepared import Prepared
from ebmrepro.params.datasets.binary_digits import BinaryDigitsData


def prepare(config: BinaryDigitsData) -> Prepared:
    """Images float32 (n, 64), 1 where the grey level over the full scale is above `config.threshold`, else 0,
    pixels in row-major order, split like the grey digits; and how well independent pixels do."""
    images = split_digits(config.test_fraction, config.seed)[:2]
    binary = (part.reshape(len(part), -1) / FULL_SCALE > config.threshold for part in images)
    return with_independent_pixels(*(part.astype(np.float32) for part in binary))
