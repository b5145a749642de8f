"""The Frechet distance at the size of Inception's features, and the moments it is made of."""

import numpy as np
import pytest
from cleanfid import fid as clean_fid
from scipy.linalg import sqrtm

from ebmrepro.evaluation.errors import RulerError
from ebmrepro.evaluation.inception import fid
from ebmrepro.evaluation.inception.fid import (
    Moments,
    frechet_distance,
    frechet_inception_distance,
    moments,
)


def features(count: int, dim: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mixing = rng.standard_normal((dim, dim)) / np.sqrt(dim)
    return (rng.standard_normal((count, dim)) @ mixing + rng.standard_normal(dim)).clip(0).astype(np.float32)


def gaussian(rng, dim: int, rank: int | None = None):
    factor = rng.standard_normal((dim, rank or dim))
    return rng.standard_normal(dim), factor @ factor.T / dim


@pytest.mark.parametrize("dim", [2, 5, 64])
def test_against_scipys_matrix_root_and_clean_fid(dim):
    rng = np.random.default_rng(dim)
    (m1, s1), (m2, s2) = gaussian(rng, dim), gaussian(rng, dim)
    direct = np.square(m1 - m2).sum() + np.trace(s1 + s2 - 2 * np.real(sqrtm(s1 @ s2)))
    assert frechet_distance(m1, s1, m2, s2) == pytest.approx(direct, rel=1e-9)
    assert frechet_distance(m1, s1, m2, s2) == pytest.approx(
        clean_fid.frechet_distance(m1, s1, m2, s2), rel=1e-9
    )


def test_closed_form_of_diagonal_gaussians():
    """Independent coordinates: the distance is the sum of those of the coordinates."""
    rng = np.random.default_rng(1)
    m1, m2, d1, d2 = rng.random((4, 30))
    d1[3] = 0.0
    expected = np.square(m1 - m2).sum() + np.square(np.sqrt(d1) - np.sqrt(d2)).sum()
    assert frechet_distance(m1, np.diag(d1), m2, np.diag(d2)) == pytest.approx(expected, rel=1e-12)


def test_closed_form_at_the_size_of_inceptions_features():
    """Covariances with common axes and a spectrum over eight decades, as Inception's features have."""
    dim = 2048
    rng = np.random.default_rng(2)
    axes, _ = np.linalg.qr(rng.standard_normal((dim, dim)))
    d1, d2 = 10.0 ** rng.uniform(-8, 0, (2, dim))
    m1, m2 = rng.standard_normal((2, dim))
    expected = np.square(m1 - m2).sum() + np.square(np.sqrt(d1) - np.sqrt(d2)).sum()
    found = frechet_distance(m1, (axes * d1) @ axes.T, m2, (axes * d2) @ axes.T)
    assert found == pytest.approx(expected, rel=1e-10)


def test_singular_covariances_by_their_factors():
    """With S1 = A A^T and S2 = B B^T the trace of the root is the sum of the singular values of A^T B."""
    rng = np.random.default_rng(3)
    a, b = rng.standard_normal((2, 40, 7))
    zero = np.zeros(40)
    expected = np.square(a).sum() + np.square(b).sum() - 2 * np.linalg.svd(a.T @ b, compute_uv=False).sum()
    assert frechet_distance(zero, a @ a.T, zero, b @ b.T) == pytest.approx(expected, rel=1e-6)


def test_the_distance_is_a_distance():
    rng = np.random.default_rng(4)
    (m1, s1), (m2, s2) = gaussian(rng, 20), gaussian(rng, 20)
    assert frechet_distance(m1, s1, m1, s1) == pytest.approx(0, abs=1e-10)
    assert frechet_distance(m1, s1, m2, s2) == pytest.approx(frechet_distance(m2, s2, m1, s1), rel=1e-10)


@pytest.mark.parametrize("block", [1, 7, 4096])
def test_moments_are_numpys_in_any_blocks(monkeypatch, block):
    monkeypatch.setattr(fid, "BLOCK", block)
    points = features(61, 6, seed=5) + np.float32(1000)
    found = moments([points[:20], points[20:20], points[20:]])
    exact = points.astype(np.float64)
    assert found.count == 61
    assert found.mean == pytest.approx(exact.mean(0), rel=1e-13)
    assert found.covariance == pytest.approx(np.cov(exact, rowvar=False), rel=1e-9, abs=1e-12)


def test_the_fid_of_features_is_clean_fids():
    made, real = features(200, 24, seed=6), features(150, 24, seed=7)
    found = frechet_inception_distance(moments([made]), moments([real]))
    assert found == pytest.approx(clean_fid.fid_from_feats(made, real), rel=1e-5)
    assert found > 0.1


@pytest.mark.parametrize("count", [2, 23, 24])
def test_no_more_samples_than_features_are_refused(count):
    enough, few = moments([features(25, 24, seed=8)]), moments([features(count, 24, seed=9)])
    assert frechet_inception_distance(enough, enough) == pytest.approx(0, abs=1e-8)
    assert np.linalg.matrix_rank(few.covariance) < 24 == np.linalg.matrix_rank(enough.covariance)
    for made, real, name in ((few, enough, "samples"), (enough, few, "reference images")):
        with pytest.raises(RulerError) as caught:
            frechet_inception_distance(made, real)
        assert str(caught.value) == (
            f"no FID of {count} {name}: 24 features have a singular covariance then, measure at least 25"
        )


def test_moments_of_one_vector_are_refused():
    with pytest.raises(RulerError, match="at least two feature vectors, not 1"):
        moments([np.ones((1, 3))])
    with pytest.raises(RulerError, match="not 0"):
        moments([])


def test_fewer_samples_give_a_higher_fid():
    """The true distance is 0; what is measured is the bias, which falls as one over the number of samples."""
    rng = np.random.default_rng(10)
    truth = Moments(np.zeros(10), np.eye(10), 10**9)

    def measured(count):
        return [
            frechet_inception_distance(moments([rng.standard_normal((count, 10))]), truth) for _ in range(40)
        ]

    few, many = measured(100), measured(500)
    assert min(few) > max(many)
    assert np.mean(few) / np.mean(many) == pytest.approx(5, rel=0.15)
