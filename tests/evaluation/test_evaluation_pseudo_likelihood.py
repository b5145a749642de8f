"""The pseudo-likelihood against enumeration and against scikit-learn's estimate of it."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy import special
from sklearn.neural_network import BernoulliRBM

from ebmrepro.energies.rbm import RBM
from ebmrepro.evaluation.likelihood.binary import log_pseudo_likelihood


def _random(visible_units: int, hidden_units: int, scale: float = 1.0) -> RBM:
    rng = np.random.default_rng([visible_units, hidden_units])
    rbm = RBM(visible_units, hidden_units).double().requires_grad_(False)
    for parameter in rbm.parameters():
        parameter.copy_(torch.from_numpy(scale * rng.standard_normal(parameter.shape)))
    return rbm


def _states(units: int) -> np.ndarray:
    return np.array(list(itertools.product([0.0, 1.0], repeat=units)))


@pytest.mark.parametrize("scale", [0.3, 3.0])
def test_it_is_the_sum_of_exact_conditionals(scale):
    """p(v_i | v_-i) = p(v) / (p(v) + p(v with v_i flipped)), with p(v) from all states of both sides."""
    rbm, v = _random(6, 5, scale), _states(6)
    b, c, weight = (p.numpy() for p in (rbm.visible_bias, rbm.hidden_bias, rbm.weight))
    h = _states(5)
    log_p = special.logsumexp(v @ weight @ h.T + (v @ b)[:, None] + h @ c, axis=1)
    place = 2 ** np.arange(5, -1, -1)
    flipped = log_p[np.arange(64)[:, None] ^ place]
    expected = (log_p[:, None] - np.logaddexp(log_p[:, None], flipped)).sum(1)
    found = log_pseudo_likelihood(rbm, torch.from_numpy(v)).numpy()
    assert found == pytest.approx(expected, abs=1e-11)


def _sklearns(rbm: RBM) -> BernoulliRBM:
    model = BernoulliRBM(n_components=len(rbm.hidden_bias), random_state=np.random.RandomState(0))
    model.components_ = rbm.weight.numpy().T
    model.intercept_hidden_ = rbm.hidden_bias.numpy()
    model.intercept_visible_ = rbm.visible_bias.numpy()
    model.n_features_in_ = len(rbm.visible_bias)
    return model


def test_it_is_the_mean_of_sklearns_scores():
    """`score_samples` draws one pixel a row: 20,000 draws of each of eight rows."""
    rbm, repeats = _random(12, 9), 20000
    v = (torch.rand(8, 12, generator=torch.Generator().manual_seed(0)) < 0.5).double()
    scores = _sklearns(rbm).score_samples(v.repeat(repeats, 1).numpy()).reshape(repeats, 8)
    error = scores.std(0, ddof=1) / math.sqrt(repeats)
    found = log_pseudo_likelihood(rbm, v).numpy()
    assert (np.abs(scores.mean(0) - found) < 4 * error).all()
    assert (error < 0.02 * np.abs(found)).all()


def test_many_rows_are_rows_one_by_one():
    """More rows than are held at once."""
    rbm = _random(64, 128, 0.2)
    v = (torch.rand(1100, 64, generator=torch.Generator().manual_seed(0)) < 0.5).double()
    found = log_pseudo_likelihood(rbm, v)
    assert found.shape == (1100,)
    picked = [0, 1023, 1024, 1099]
    each = torch.cat([log_pseudo_likelihood(rbm, v[row : row + 1]) for row in picked])
    torch.testing.assert_close(found[picked], each, atol=1e-9, rtol=1e-12)


def test_independent_pixels_have_their_likelihood():
    """Without weights the pixels are independent, and pseudo-likelihood and likelihood are one."""
    rbm = _random(7, 4)
    rbm.weight.zero_()
    v = torch.from_numpy(_states(7))
    expected = -rbm(v) - rbm.log_partition()
    torch.testing.assert_close(log_pseudo_likelihood(rbm, v), expected, atol=1e-12, rtol=1e-12)


def test_real_values_are_refused():
    with pytest.raises(ValueError, match="real-valued data"):
        log_pseudo_likelihood(RBM(3, 2), torch.full((1, 3), 0.5))
    with pytest.raises(ValueError, match="not of gaussian"):
        log_pseudo_likelihood(RBM(3, 2, "gaussian"), torch.ones(1, 3))
