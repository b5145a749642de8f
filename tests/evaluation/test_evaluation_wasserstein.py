"""The 2-Wasserstein distance of samples against closed forms and all pairings."""

import itertools

import numpy as np
import pytest
from scipy import stats

from ebmrepro.evaluation.samples.distances import wasserstein_2


@pytest.mark.parametrize("dim", [1, 2, 7])
def test_a_translation_is_as_long_as_it_is(dim):
    """Of all couplings of a sample and its translate, the translation itself has the least cost."""
    rng = np.random.default_rng(0)
    x, shift = rng.standard_normal((60, dim)), 3 * rng.standard_normal(dim)
    assert wasserstein_2(x, rng.permutation(x + shift)) == pytest.approx(np.linalg.norm(shift), rel=1e-12)
    assert wasserstein_2(x, rng.permutation(x)) == 0


def test_stretching_about_the_origin_has_its_closed_form():
    """x -> c x, c > 0, is the gradient of a convex function, hence optimal: |c - 1| times the RMS of x."""
    x = np.random.default_rng(1).standard_normal((50, 3))
    expected = 1.5 * np.sqrt((x**2).sum(1).mean())
    assert wasserstein_2(x, 2.5 * x[::-1]) == pytest.approx(expected, rel=1e-12)


def test_in_one_dimension_sorted_samples_are_paired():
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((200, 1)), rng.exponential(size=(200, 1))
    expected = np.sqrt(((np.sort(x[:, 0]) - np.sort(y[:, 0])) ** 2).mean())
    assert wasserstein_2(x, y) == pytest.approx(expected, rel=1e-12)
    # And it is not the 1-Wasserstein distance.
    assert wasserstein_2(x, y) > stats.wasserstein_distance(x[:, 0], y[:, 0]) + 0.05


def test_the_best_of_all_pairings():
    rng = np.random.default_rng(3)
    for _ in range(5):
        x, y = rng.standard_normal((2, 6, 2))
        costs = ((x[:, None] - y[None]) ** 2).sum(2)
        best = min(
            np.mean([costs[i, j] for i, j in enumerate(order)]) for order in itertools.permutations(range(6))
        )
        assert wasserstein_2(x, y) == pytest.approx(np.sqrt(best), rel=1e-12)
        assert wasserstein_2(y, x) == pytest.approx(wasserstein_2(x, y), rel=1e-12)


def test_units_are_those_of_the_data():
    x, y = np.random.default_rng(4).standard_normal((2, 40, 2))
    assert wasserstein_2(10 * x, 10 * y) == pytest.approx(10 * wasserstein_2(x, y), rel=1e-12)


def test_samples_of_one_gaussian_come_nearer_as_they_grow():
    """And samples of two tend to the closed form, the distance of the means for equal covariances."""
    rng = np.random.default_rng(5)
    gaps, between = [], []
    for count in (50, 1000):
        gaps.append(wasserstein_2(*rng.standard_normal((2, count, 2))))
        between.append(
            wasserstein_2(rng.standard_normal((count, 2)), np.array([3, 4]) + rng.standard_normal((count, 2)))
        )
    assert gaps[1] < gaps[0] / 2
    assert between[1] == pytest.approx(5, abs=0.15)


def test_samples_of_float32_lose_nothing():
    x, y = np.random.default_rng(6).standard_normal((2, 30, 2)).astype(np.float32)
    assert wasserstein_2(x, y) == pytest.approx(wasserstein_2(x.astype(float), y.astype(float)), rel=1e-12)


@pytest.mark.parametrize("shapes", [((5, 2), (6, 2)), ((5, 2), (5, 3)), ((5, 2), (1, 2))])
def test_samples_of_other_sizes_are_refused(shapes):
    with pytest.raises(ValueError, match="same shape"):
        wasserstein_2(*(np.zeros(shape) for shape in shapes))
