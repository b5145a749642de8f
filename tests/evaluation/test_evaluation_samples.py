"""Metrics of samples: MMD, diversity, and the summary of a log."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from sklearn.neighbors import NearestNeighbors

from ebmrepro.evaluation.samples import diversity
from ebmrepro.evaluation.samples.distances import median_bandwidth, mmd_squared
from ebmrepro.evaluation.training_summary import summarise
from ebmrepro.training.log import COMMON


def test_mmd_against_a_direct_loop():
    rng = np.random.default_rng(0)
    x, y, h = rng.standard_normal((13, 3)), rng.standard_normal((17, 3)) + 0.5, 1.3

    def k(a, b):
        return math.exp(-np.square(a - b).sum() / (2 * h * h))

    xx = np.mean([k(a, b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j])
    yy = np.mean([k(a, b) for i, a in enumerate(y) for j, b in enumerate(y) if i != j])
    xy = np.mean([k(a, b) for a in x for b in y])
    assert mmd_squared(x, y, h) == pytest.approx(xx + yy - 2 * xy, abs=1e-12)


def test_mmd_of_equal_laws_is_within_its_permutation_law_and_of_others_not():
    rng = np.random.default_rng(1)
    x, same, other = rng.standard_normal((3, 150, 2))
    other += 0.7

    def rank(y):
        both, h = np.concatenate([x, y]), median_bandwidth(np.concatenate([x, y]))
        shuffled = []
        for _ in range(199):
            order = rng.permutation(300)
            shuffled.append(mmd_squared(both[order[:150]], both[order[150:]], h))
        return (np.array(shuffled) >= mmd_squared(x, y, h)).mean()

    assert rank(same) > 0.01
    assert rank(other) == 0


def test_mmd_to_a_law_on_finitely_many_points():
    """Of the law itself 0; of samples unbiased for MMD^2, which is a finite sum over the points."""
    rng = np.random.default_rng(3)
    points, other = rng.standard_normal((6, 2)), np.array([0.4, 0.3, 0.1, 0.1, 0.05, 0.05])
    assert mmd_squared(points, points, 1.0, True, True) == pytest.approx(0, abs=1e-15)
    kernel = np.exp(-((points[:, None] - points) ** 2).sum(-1) / 2)
    difference = other - 1 / 6
    truth = difference @ kernel @ difference
    # The other law in whole numbers of points.
    repeated = np.repeat(points, (other * 20).round().astype(int), axis=0)
    assert mmd_squared(repeated, points, 1.0, True, True) == pytest.approx(truth, abs=1e-12)
    values = [
        mmd_squared(points[rng.choice(6, 30, p=other)], points, 1.0, y_is_law=True) for _ in range(2000)
    ]
    assert abs(np.mean(values) - truth) < 4 * np.std(values) / np.sqrt(2000)
    # Leaving out the law's diagonal moves it by more than that.
    without = [mmd_squared(points[rng.choice(6, 30, p=other)], points, 1.0) for _ in range(2000)]
    assert abs(np.mean(without) - truth) > 10 * np.std(values) / np.sqrt(2000)


def test_mmd_is_unbiased():
    """Over many pairs of samples of one law the mean is zero; a biased estimate's is positive."""
    rng = np.random.default_rng(2)
    values = [
        mmd_squared(rng.standard_normal((20, 2)), rng.standard_normal((20, 2)), 1.0) for _ in range(400)
    ]
    assert abs(np.mean(values)) < 4.5 * np.std(values) / 20
    assert min(values) < 0


def test_median_bandwidth():
    points = np.array([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]])
    assert median_bandwidth(points) == 5.0


def test_pairwise_distance_by_brute_force():
    images = np.random.default_rng(4).random((7, 1, 3, 3))
    direct = np.mean([np.linalg.norm(a - b) for a, b in itertools.combinations(images, 2)])
    assert diversity.mean_pairwise_distance(images) == pytest.approx(direct, rel=1e-12)
    assert diversity.mean_pairwise_distance(np.ones((3, 2))) == 0


def test_nearest_is_scikit_learns():
    rng = np.random.default_rng(5)
    points, reference = (rng.integers(0, 256, (count, 1, 4, 4), np.uint8) for count in (20, 50))
    distances, index = diversity.nearest(points, reference)
    model = NearestNeighbors(n_neighbors=1).fit(reference.reshape(50, -1) / 255)
    expected, expected_index = model.kneighbors(points.reshape(20, -1) / 255)
    assert distances == pytest.approx(expected[:, 0], rel=1e-9)
    assert np.array_equal(index, expected_index[:, 0])
    zero, itself = diversity.nearest(reference, reference)
    assert not zero.any() and np.array_equal(itself, np.arange(50))


def test_effective_classes():
    assert diversity.effective_classes(np.arange(100) % 10, 10) == pytest.approx(10)
    assert diversity.effective_classes(np.full(50, 3), 10) == pytest.approx(1)
    # Two classes at 1/4 and 3/4: exp of log 4 - (3/4) log 3.
    predicted = np.array([0, 1, 1, 1])
    assert diversity.effective_classes(predicted, 10) == pytest.approx(4 / 3**0.75)


def _log(**columns) -> pd.DataFrame:
    frame = pd.DataFrame({name: math.nan for name in COMMON}, index=range(5))
    frame["iteration"] = [0, 10, 20, 30, 40]
    for name, values in columns.items():
        frame[name] = values
    return frame


def test_a_summary_reads_the_second_half():
    log = _log(
        energy_gap=[100, 100, 1, -2, 3], gradient_norm_cd=[1, 1, 2, 4, 1], gradient_norm_kl=[9, 9, 1, 1, 1]
    )
    summary = summarise(log)
    assert summary == pytest.approx({"energy_gap_size": 2.0, "kl_to_cd_gradient": 0.5})


def test_a_summary_reads_the_end():
    log = _log(loss=[100, 100, 1, 2, 3], buffer_distance=[0.5, 0.4, 0.3, 0.2, 0.1])
    assert summarise(log) == pytest.approx({"final_loss": 3.0, "final_buffer_distance": 0.1})


def test_a_summary_leaves_out_what_a_method_does_not_have():
    assert summarise(_log()) == {}
    # A column may be absent or blank.
    assert summarise(_log(kl_cosine=math.nan, gradient_norm_cd=1.0, gradient_norm_kl=math.nan)) == {}
    assert set(summarise(_log(energy_gap=1.0, gradient_norm_cd=1.0))) == {"energy_gap_size"}


@pytest.mark.parametrize("bad", [math.inf, -math.inf, math.nan])
def test_the_summary_of_a_diverged_run_is_finite(bad):
    """The last row of a diverged run may hold anything: the numbers are those of the rows before it."""
    log = _log(
        energy_gap=[9, 9, 1, -3, bad], gradient_norm_cd=[9, 9, 1, 2, bad], gradient_norm_kl=[9, 9, 2, 4, bad]
    )
    assert summarise(log) == pytest.approx({"energy_gap_size": 2.0, "kl_to_cd_gradient": 2.0})
    only_bad = _log(energy_gap=bad, gradient_norm_cd=bad, gradient_norm_kl=1.0)
    assert all(math.isfinite(value) for value in summarise(only_bad).values())
