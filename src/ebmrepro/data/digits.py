"""scikit-learn's handwritten digits as grey images."""

import numpy as np

from ebmrepro.data.digits_split import FULL_SCALE, split_digits
from ebmrepro.data.prepared import Arrays, Prepared
from ebmrepro.params.datasets.digits import DigitsData


def prepare(config: DigitsData) -> Prepared:
    """Images uint8 (n, 1, 8, 8) in 0..255, the set's 0..16 scaled, and as `label` int64 (n,) in 0..9."""
    train, test, *labels = split_digits(config.test_fraction, config.seed)
    parts = {}
    for name, images, numbers in zip(("train", "test"), (train, test), labels, strict=True):
        scaled = np.rint(images * (255 / FULL_SCALE)).astype(np.uint8)[:, None]
        parts[name] = Arrays(scaled, {"label": numbers.astype(np.int64)})
    return Prepared(parts)
