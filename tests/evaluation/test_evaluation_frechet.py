"""The Frechet distance of two sets of features, and the moments it is made of."""

import math

import numpy as np
import pytest
from cleanfid import fid as clean_fid
from scipy.linalg import sqrtm

from ebmrepro.evaluation.samples import frechet
from ebmrepro.evaluation.samples.frechet import Moments, distance_of_moments, frechet_distance, moments
from ebmrepro.files.workspace import WorkspaceError


def gaussian(rng, dim: int, rank: int | None = None):
    factor = rng.standard_normal((dim, rank or dim))
    return rng.standard_normal(dim), factor @ factor.T / dim


def between(mean, covariance, other_mean, other_covariance) -> float:
    """The distance of two Gaussians."""
    return distance_of_moments(Moments(mean, covariance, 2), Moments(other_mean, other_covariance, 2))


@pytest.mark.parametrize("dim", [2, 5, 64])
def test_against_scipys_matrix_root_and_clean_fid(dim):
    rng = np.random.default_rng(dim)
    (m1, s1), (m2, s2) = gaussian(rng, dim), gaussian(rng, dim)
    direct = np.square(m1 - m2).sum() + np.trace(s1 + s2 - 2 * np.real(sqrtm(s1 @ s2)))
    assert between(m1, s1, m2, s2) == pytest.approx(direct, rel=1e-9)
    assert between(m1, s1, m2, s2) == pytest.approx(clean_fid.frechet_distance(m1, s1, m2, s2), rel=1e-9)


def test_closed_form_of_diagonal_gaussians():
    """Independent coordinates: the distance is the sum of those of the coordinates."""
    rng = np.random.default_rng(1)
    m1, m2, d1, d2 = rng.random((4, 30))
    d1[3] = 0.0
    expected = np.square(m1 - m2).sum() + np.square(np.sqrt(d1) - np.sqrt(d2)).sum()
    assert between(m1, np.diag(d1), m2, np.diag(d2)) == pytest.approx(expected, rel=1e-12)


def test_closed_form_at_the_size_of_inceptions_features():
    """Covariances with common axes and a spectrum over eight decades, as Inception's features have."""
    dim = 2048
    rng = np.random.default_rng(2)
    axes, _ = np.linalg.qr(rng.standard_normal((dim, dim)))
    d1, d2 = 10.0 ** rng.uniform(-8, 0, (2, dim))
    m1, m2 = rng.standard_normal((2, dim))
    expected = np.square(m1 - m2).sum() + np.square(np.sqrt(d1) - np.sqrt(d2)).sum()
    found = between(m1, (axes * d1) @ axes.T, m2, (axes * d2) @ axes.T)
    assert found == pytest.approx(expected, rel=1e-10)


def test_singular_covariances_by_their_factors():
    """With S1 = A A^T and S2 = B B^T the trace of the root is the sum of the singular values of A^T B."""
    rng = np.random.default_rng(3)
    a, b = rng.standard_normal((2, 40, 7))
    zero = np.zeros(40)
    expected = np.square(a).sum() + np.square(b).sum() - 2 * np.linalg.svd(a.T @ b, compute_uv=False).sum()
    assert between(zero, a @ a.T, zero, b @ b.T) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("count", "dim"), [(9, 40), (40, 9), (500, 60)])
def test_features_with_directions_without_spread(count, dim):
    """Rectified features, some always off, of fewer images than features and of more. Of centred features X
    and Y, S1 = X^T X / (n - 1): the trace of the root is the sum of the singular values of X Y^T."""
    rng = np.random.default_rng(count)
    mixing = rng.standard_normal((dim // 3, dim))
    x, y = (np.maximum(rng.standard_normal((n, dim // 3)) @ mixing, 0) for n in (count, count + 3))
    x[:, ::4] = 0
    y[:, ::5] = 0
    (a, b), step = (
        ((side - side.mean(0)) / math.sqrt(len(side) - 1) for side in (x, y)),
        x.mean(0) - y.mean(0),
    )
    cross = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    expected = np.square(step).sum() + np.square(a).sum() + np.square(b).sum() - 2 * cross
    assert frechet_distance(x, y) == pytest.approx(expected, rel=1e-12)
    assert frechet_distance(x, x[rng.permutation(count)]) == pytest.approx(0, abs=1e-12 * np.square(x).sum())


def test_the_distance_is_a_distance():
    rng = np.random.default_rng(4)
    (m1, s1), (m2, s2) = gaussian(rng, 20), gaussian(rng, 20)
    assert between(m1, s1, m1, s1) == pytest.approx(0, abs=1e-10)
    assert between(m1, s1, m2, s2) == pytest.approx(between(m2, s2, m1, s1), rel=1e-10)


def _features(mean, covariance, count: int, seed: int):
    """Points with exactly this sample mean and (unbiased) sample covariance."""
    raw = np.random.default_rng(seed).standard_normal((count, len(mean)))
    white = (raw - raw.mean(0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(raw.T))).T
    return mean + white @ np.linalg.cholesky(covariance).T


@pytest.mark.parametrize("dim", [2, 8])
def test_frechet_distance_of_gaussians(dim):
    """|m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1^1/2 S2 S1^1/2)^1/2, the root by symmetric eigenvalues."""
    rng = np.random.default_rng(3)
    means, covariances = [], []
    for _ in range(2):
        factor = rng.standard_normal((dim, dim)) + np.eye(dim)
        means.append(rng.standard_normal(dim))
        covariances.append(factor @ factor.T)
    values, vectors = np.linalg.eigh(covariances[0])
    root = vectors @ np.diag(np.sqrt(values)) @ vectors.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ covariances[1] @ root)).sum()
    expected = np.square(means[0] - means[1]).sum() + np.trace(covariances[0] + covariances[1]) - 2 * cross
    one, other = (_features(m, c, 300, i) for i, (m, c) in enumerate(zip(means, covariances, strict=True)))
    assert frechet_distance(one, other) == pytest.approx(expected, rel=1e-12)
    assert frechet_distance(one, one) == pytest.approx(0, abs=1e-12)
    assert frechet_distance(one, one + 2.0) == pytest.approx(4.0 * dim, rel=1e-12)


@pytest.mark.parametrize("block", [1, 7, 4096])
def test_moments_are_numpys_in_any_blocks(monkeypatch, block):
    monkeypatch.setattr(frechet, "BLOCK", block)
    points = np.random.default_rng(5).random((61, 6), np.float32) + np.float32(1000)
    found = moments([points[:20], points[20:20], points[20:]])
    exact = points.astype(np.float64)
    assert found.count == 61
    assert found.mean == pytest.approx(exact.mean(0), rel=1e-13)
    assert found.covariance == pytest.approx(np.cov(exact, rowvar=False), rel=1e-9, abs=1e-12)


def test_moments_of_one_vector_are_refused():
    with pytest.raises(WorkspaceError, match="at least two feature vectors, not 1"):
        moments([np.ones((1, 3))])
    with pytest.raises(WorkspaceError, match="not 0"):
        moments([])


@pytest.mark.parametrize("scale", [1e3, 1e10, 1e20])
def test_badly_scaled_features_have_a_distance(scale):
    """Coordinates from 1 / scale to scale: rounding leaves the root of the product of covariances complex.
    Also of fewer vectors than coordinates."""
    rng = np.random.default_rng(6)
    scales = np.geomspace(1 / scale, scale, 20)
    for count in (12, 300):
        x, y = rng.standard_normal((2, count, 20)) * scales
        # The largest coordinate decides.
        one, other = x[:, -1], y[:, -1]
        expected = (one.mean() - other.mean()) ** 2 + (one.std(ddof=1) - other.std(ddof=1)) ** 2
        assert frechet_distance(x, y) == pytest.approx(expected, rel=0.5)
        assert frechet_distance(x, y) == pytest.approx(frechet_distance(y, x), rel=1e-12)


def test_features_without_spread_have_the_distance_of_their_means_and_the_others_spread():
    y = np.random.default_rng(7).standard_normal((50, 4))
    expected = np.square(1 - y.mean(0)).sum() + y.var(0, ddof=1).sum()
    assert frechet_distance(np.ones((9, 4)), y) == pytest.approx(expected, rel=1e-12)
    assert frechet_distance(np.ones((9, 4)), np.zeros((3, 4))) == 4.0


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_features_that_are_not_finite_have_no_distance(value):
    y = np.random.default_rng(8).standard_normal((50, 4))
    x = y.copy()
    x[3, 2] = value
    assert math.isnan(frechet_distance(x, y)) and math.isnan(frechet_distance(y, x))


def test_one_image_has_no_distance():
    y = np.random.default_rng(9).standard_normal((50, 4))
    for pair in ((y[:1], y), (y, y[:1])):
        with pytest.raises(WorkspaceError, match="needs at least two feature vectors, not 1: measure more"):
            frechet_distance(*pair)
