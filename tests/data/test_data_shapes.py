"""Coloured shapes: what the labels say is what the pixels show."""

import itertools

import numpy as np
import pytest
from prepared_parts import labelled
from scipy import stats

from ebmrepro.params.datasets.shapes import ShapesData


def _config(seed=0, train=2000, test=50) -> ShapesData:
    classifier = {"epochs": 1, "batch_size": 8, "width": 2, "minimum_accuracy": 0.0}
    return ShapesData(kind="shapes", seed=seed, train_size=train, test_size=test, classifier=classifier)


VALUES = _config().attributes


def _make(*settings):
    return labelled(_config(*settings))


@pytest.fixture(scope="module")
def made():
    return _make()


def _foreground(images: np.ndarray) -> np.ndarray:
    """(n, H, W): the strongest channel, above any background."""
    return images.max(1) > 0.4 * 255


def test_shapes_and_types(made):
    train, train_labels, test, test_labels = made
    assert train.shape == (2000, 3, 16, 16) and test.shape == (50, 3, 16, 16)
    assert train.dtype == test.dtype == np.uint8
    for labels, count in ((train_labels, 2000), (test_labels, 50)):
        assert set(labels) == set(VALUES)
        assert all(array.shape == (count,) and array.dtype == np.int64 for array in labels.values())


def test_the_strongest_channel_is_the_colour(made):
    images, labels, _, _ = made
    cover = _foreground(images)[:, None]
    strength = (images * cover).sum((2, 3)) / cover.sum((2, 3))
    named = np.array([["red", "green", "blue"].index(name) for name in VALUES["colour"]])
    assert (strength.argmax(1) == named[labels["colour"]]).all()


def test_the_centre_of_mass_lies_in_the_place(made):
    images, labels, _, _ = made
    cover = _foreground(images)
    rows, columns = np.mgrid[:16, :16]
    centre = [(cover * axis).sum((1, 2)) / cover.sum((1, 2)) for axis in (rows, columns)]
    for number, name in enumerate(VALUES["place"]):
        here = labels["place"] == number
        assert ((centre[0][here] < 7.5) == ("top" in name)).all()
        assert ((centre[1][here] < 7.5) == ("left" in name)).all()


def _strength(images: np.ndarray) -> np.ndarray:
    """(n, H, W): how much of each pixel the shape covers, background removed."""
    strongest = images.max(1).astype(float)
    return np.clip((strongest - 45) / (strongest.max((1, 2), keepdims=True) - 45), 0, 1)


def test_a_square_fills_its_bounding_box_and_a_cross_five_ninths_of_it(made):
    images, labels, _, _ = made
    cover = _strength(images)
    box = cover.max(1).sum(1) * cover.max(2).sum(1)
    share = cover.sum((1, 2)) / box
    for name, expected in {"square": 1.0, "cross": 5 / 9}.items():
        found = share[labels["shape"] == VALUES["shape"].index(name)].mean()
        assert found == pytest.approx(expected, abs=0.06)


def test_a_triangle_grows_linearly_downwards(made):
    """The width of a row over the mean width is 2 t at the fraction t of a triangle's height."""
    images, labels, _, _ = made
    for name, grows in {"triangle": True, "square": False, "cross": False}.items():
        widths = _strength(images[labels["shape"] == VALUES["shape"].index(name)]).sum(2)
        rows = np.arange(16)
        centre = (widths * rows).sum(1) / widths.sum(1)
        variance = (widths * (rows - centre[:, None]) ** 2).sum(1) / widths.sum(1)
        skewness = (widths * (rows - centre[:, None]) ** 3).sum(1) / widths.sum(1) / variance**1.5
        # Of the density 2 t on [0, 1]: mean 2/3, variance 1/18, third central moment -1/135.
        expected = -(18**1.5) / 135 if grows else 0.0
        assert skewness.mean() == pytest.approx(expected, abs=0.06)


def test_attributes_are_uniform_and_independent(made):
    _, labels, _, _ = made
    for known, array in zip(VALUES.values(), labels.values(), strict=True):
        assert stats.chisquare(np.bincount(array, minlength=len(known))).pvalue > 1e-3
    for one, other in itertools.combinations(labels, 2):
        table = np.zeros((len(VALUES[one]), len(VALUES[other])))
        np.add.at(table, (labels[one], labels[other]), 1)
        assert stats.chi2_contingency(table).pvalue > 1e-3


def test_seeds_and_parts_differ_and_repeat():
    first, again, other = _make(3, 20, 20), _make(3, 20, 20), _make(4, 20, 20)
    assert (first[0] == again[0]).all() and (first[2] == again[2]).all()
    assert (first[0] != other[0]).any() and (first[0] != first[2]).any()


def test_noise_is_added_to_the_same_images_and_cut_off(made):
    clean, labels, _, _ = made
    noisy, same_labels, _, _ = labelled(_config().model_copy(update={"noise": 0.1}))
    for attribute in VALUES:
        assert (same_labels[attribute] == labels[attribute]).all()
    inside = (clean > 130) & (clean < 155)
    added = (noisy[inside].astype(float) - clean[inside]) / 256
    assert added.std() == pytest.approx(0.1, rel=0.05)
    assert added.mean() == pytest.approx(0, abs=0.005)
    # Half of what was added to black is cut off.
    assert (noisy[clean == 0] == 0).mean() == pytest.approx(0.5, abs=0.02)
    assert noisy.max() == 255
