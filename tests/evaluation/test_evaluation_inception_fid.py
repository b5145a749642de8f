"""The FID: the Frechet distance of Inception's features, of enough images."""

import numpy as np
import pytest
from cleanfid import fid as clean_fid

from ebmrepro.evaluation.inception.scores import frechet_inception_distance
from ebmrepro.evaluation.samples.frechet import Moments, moments
from ebmrepro.files.workspace import WorkspaceError


def features(count: int, dim: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mixing = rng.standard_normal((dim, dim)) / np.sqrt(dim)
    return (rng.standard_normal((count, dim)) @ mixing + rng.standard_normal(dim)).clip(0).astype(np.float32)


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
        with pytest.raises(WorkspaceError) as caught:
            frechet_inception_distance(made, real)
        assert str(caught.value) == (
            f"no FID of {count} {name}: 24 features have a singular covariance then, measure at least 25"
        )


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
