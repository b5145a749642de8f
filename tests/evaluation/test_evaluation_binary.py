"""Models of binary images: likelihood by every road, held to sums over all states."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy.special import logsumexp

from ebmrepro.data.bars_and_stripes import patterns
from ebmrepro.data.independent import with_independent_pixels
from ebmrepro.energies.helmholtz import HelmholtzMachine
from ebmrepro.energies.rbm import RBM
from ebmrepro.evaluation.likelihood.binary import how, likelihood
from ebmrepro.evaluation.measures.binary import filters, reconstruct, reconstruction_error, valid_share
from ebmrepro.params.evaluations.binary import BinaryEvaluation

CONFIG = BinaryEvaluation(
    kind="binary", ais_chains=200, ais_temperatures=300, importance_samples=400, compared_samples=2, shown=1
)


def _generator(seed=0):
    return torch.Generator().manual_seed(seed)


def _states(units: int) -> torch.Tensor:
    return torch.tensor(list(itertools.product([0.0, 1.0], repeat=units)))


def _rbm(visible: int, hidden: int, seed=0) -> RBM:
    rbm = RBM(visible, hidden)
    with torch.no_grad():
        for parameter in rbm.parameters():
            parameter.normal_(0, 0.5, generator=_generator(seed))
    return rbm


def test_the_likelihood_of_a_small_rbm_is_exact():
    rbm, states = _rbm(6, 4), _states(6)
    train, test, partition = likelihood(rbm, states[:10], states, CONFIG, _generator())
    assert how(rbm) == "exact" and set(partition) == {"log_partition"}
    # Probabilities of all states sum to one.
    assert float(test.exp().sum()) == pytest.approx(1, abs=1e-6)
    v, h = states.numpy(), _states(4).numpy()
    b, c, w = (p.detach().numpy() for p in (rbm.visible_bias, rbm.hidden_bias, rbm.weight))
    joint = (v @ b)[:, None] + (h @ c)[None] + v @ w @ h.T
    assert partition["log_partition"] == pytest.approx(logsumexp(joint), abs=1e-5)
    np.testing.assert_allclose(train, (logsumexp(joint, 1) - logsumexp(joint))[:10], atol=1e-5)


def test_the_likelihood_of_a_large_rbm_comes_with_an_error_bar():
    """26 of 30 hidden units are cut off: log Z is that of the other four, exactly known, and 26 log 2."""
    small, large = _rbm(27, 4), _rbm(27, 30)
    with torch.no_grad():
        large.weight.zero_()[:, :4] = small.weight
        large.hidden_bias.zero_()[:4] = small.hidden_bias
        large.visible_bias.copy_(small.visible_bias)
    train = torch.randint(0, 2, (50, 27), generator=_generator(1)).float()
    _, of_test, partition = likelihood(large, train, train, CONFIG, _generator(2))
    found, error = partition["log_partition"], partition["log_partition_error"]
    assert how(large) == "annealed importance sampling"
    exact = float(small.log_partition()) + 26 * math.log(2)
    assert 0 < error < 0.2
    assert abs(found - exact) < 4 * error
    torch.testing.assert_close(of_test, -large(train).double().detach() - found)


def test_the_likelihood_of_a_helmholtz_machine_is_bounded():
    torch.manual_seed(3)
    machine, states = HelmholtzMachine(4, [3, 2]), _states(4)
    _, of_test, partition = likelihood(machine, states, states, CONFIG, _generator(4))
    assert how(machine) == "importance-weighted bound"
    assert partition == {}
    torch.testing.assert_close(of_test, -machine(states).double().detach(), atol=0.1, rtol=0)


def test_reconstructions_are_the_mean_of_one_way_up_and_down():
    rbm = _rbm(5, 3)
    x = _states(5)[[3, 17]]
    hidden, probabilities = _states(3), rbm.hidden_drive(x).sigmoid()
    expected = torch.zeros_like(x)
    for h in hidden:
        chance = torch.where(h == 1, probabilities, 1 - probabilities).prod(1, keepdim=True)
        expected += chance * rbm.visible_mean(h[None])
    many = torch.stack([reconstruct(rbm, x, _generator(seed)) for seed in range(4000)])
    error = many.std(0) / math.sqrt(len(many))
    assert ((many.mean(0) - expected).abs() < 4.5 * error).all()


def test_reconstruction_error_is_the_cross_entropy():
    x = torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    p = torch.tensor([[0.9, 0.2, 0.5], [0.1, 0.5, 0.25]])
    expected = -np.mean([np.log(0.9) + np.log(0.8) + np.log(0.5), np.log(0.9) + np.log(0.5) + np.log(0.25)])
    assert reconstruction_error(x, p) == pytest.approx(expected, rel=1e-6)


def test_filters_are_the_weights_of_hidden_units_as_images():
    rbm = _rbm(9, 5)
    shown = filters(rbm, 4)
    assert shown.shape == (4, 3, 3)
    np.testing.assert_array_equal(shown[2].ravel(), rbm.weight.detach().numpy()[:, 2])
    machine = HelmholtzMachine(9, [5, 2])
    np.testing.assert_array_equal(
        filters(machine, 5)[1].ravel(), machine.generative.layers[0].weight.detach().numpy()[:, 1]
    )


def test_valid_share_counts_every_pattern_and_nothing_else():
    known, _ = patterns(3)
    everything = _states(9).numpy()
    assert valid_share(everything, known) == pytest.approx(14 / 512)
    assert valid_share(known, known) == 1.0


def test_independent_pixels_against_scipy():
    from scipy.stats import bernoulli

    rng = np.random.default_rng(0)
    train = (rng.random((40, 3)) < [0.2, 0.5, 0.9]).astype(np.float32)
    train = np.concatenate([train, np.zeros((40, 1), np.float32)], 1)
    test = (rng.random((30, 4)) < 0.5).astype(np.float32)
    found = with_independent_pixels(train, test)
    mean, log_likelihood = found.reference["mean"], found.measures["independent_pixels_log_likelihood"]
    expected = (train.sum(0) + 1) / 42
    np.testing.assert_allclose(mean, expected)
    assert mean[3] > 0
    assert log_likelihood == pytest.approx(bernoulli.logpmf(test, expected).sum(1).mean())
