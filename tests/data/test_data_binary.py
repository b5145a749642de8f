"""Bars and stripes against all images of their size; binary digits against scikit-learn's grey ones."""

import numpy as np
import pytest
from prepared_parts import samples
from sklearn.datasets import load_digits

from ebmrepro.data import bars_and_stripes
from ebmrepro.params.datasets.bars_and_stripes import BarsAndStripesData
from ebmrepro.params.datasets.binary_digits import BinaryDigitsData
from ebmrepro.params.datasets.digits import DigitsData

DIGITS = {"seed": 4, "test_fraction": 0.3}


def _bars(side: int) -> BarsAndStripesData:
    return BarsAndStripesData(kind="bars_and_stripes", side=side)


def _law(side: int) -> tuple[np.ndarray, np.ndarray]:
    """Every image of side x side pixels (2^(side^2), side, side), and its probability by the definition."""
    number = np.arange(2 ** (side * side))[:, None]
    images = (number >> np.arange(side * side) & 1).reshape(-1, side, side)
    whole_rows = (images == images[:, :, :1]).all((1, 2))
    whole_columns = (images == images[:, :1, :]).all((1, 2))
    return images, 0.5 * whole_rows / 2**side + 0.5 * whole_columns / 2**side


@pytest.mark.parametrize("side", [2, 3, 4])
def test_bars_and_stripes_are_the_images_of_whole_lines(side):
    images, probability = _law(side)
    assert probability.sum() == pytest.approx(1, abs=1e-15)
    known = {image.tobytes(): p for image, p in zip(images.astype(np.float32), probability, strict=True) if p}

    patterns, log_probability = bars_and_stripes.patterns(side)
    assert patterns.dtype == np.float32 and patterns.shape == (2 ** (side + 1) - 2, side * side)
    found = {image.tobytes(): p for image, p in zip(patterns, np.exp(log_probability), strict=True)}
    assert found.keys() == known.keys() and len(found) == len(patterns)
    assert all(found[image] == pytest.approx(known[image], abs=1e-15) for image in known)

    train, test = samples(_bars(side))
    assert train.dtype == np.float32 and train.shape == (2 ** (side + 1), side * side)
    assert np.array_equal(train, test) and not np.shares_memory(train, test)
    drawn, counts = np.unique(train, axis=0, return_counts=True)
    assert {i.tobytes(): c / len(train) for i, c in zip(drawn, counts, strict=True)} == known


def test_entropy_of_bars_and_stripes():
    """(side + 1 - 2^(1 - side)) log 2, here of the brute-force law too."""
    for side in (2, 3, 4):
        _, probability = _law(side)
        _, log_probability = bars_and_stripes.patterns(side)
        entropy = -(np.exp(log_probability) * log_probability).sum()
        assert entropy == pytest.approx((side + 1 - 2.0 ** (1 - side)) * np.log(2), abs=1e-12)
        kept = probability[probability > 0]
        assert entropy == pytest.approx(-(kept * np.log(kept)).sum(), abs=1e-12)


@pytest.mark.parametrize("threshold", [0.2, 0.5])
def test_binary_digits_are_the_grey_ones_above_the_threshold(threshold):
    """A grey level at the threshold is off: level 8 of 16 at 0.5."""
    train, test = samples(BinaryDigitsData(kind="binary_digits", threshold=threshold, **DIGITS))
    classifier = {"epochs": 1, "batch_size": 64, "width": 2, "minimum_accuracy": 0}
    grey_train, grey_test = samples(DigitsData(kind="digits", classifier=classifier, **DIGITS))
    for binary, grey in ((train, grey_train), (test, grey_test)):
        assert binary.dtype == np.float32 and binary.shape == (len(grey), 64)
        levels = np.rint(grey * (16 / 255)).reshape(-1, 64)
        assert np.array_equal(binary, levels / 16 > threshold)
    # The whole set, nothing lost or repeated.
    source = load_digits().data
    assert len(train) + len(test) == len(source)
    together = np.concatenate([train, test]).sum(0)
    assert np.array_equal(together, (source > 16 * threshold).sum(0))
