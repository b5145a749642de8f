"""The importance-weighted bound on log p(x) held to p(x) itself, by enumeration."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch.nn.functional import softplus

from ebmrepro.energies import build_energy
from ebmrepro.evaluation.likelihood import binary
from ebmrepro.evaluation.likelihood.binary import log_likelihood_bound
from ebmrepro.params.energies.helmholtz import HelmholtzMachine

VISIBLE = 4


def _machine(layers: list[int], scale: float = 0.7):
    torch.manual_seed(1)
    machine = build_energy(HelmholtzMachine(kind="helmholtz", layers=layers), (VISIBLE,)).double()
    with torch.no_grad():
        for parameter in machine.parameters():
            parameter.copy_(scale * torch.randn_like(parameter))
    return machine


def _states(units: int) -> torch.Tensor:
    return torch.tensor(list(itertools.product([0.0, 1.0], repeat=units)), dtype=torch.float64)


@torch.no_grad()
def _log_weights(machine) -> tuple[torch.Tensor, torch.Tensor]:
    """log p(x, h) / r(h | x) and log r(h | x) of every x (rows) and h (columns)."""
    x, h = _states(VISIBLE), _states(sum(machine.units[1:]))
    every_x = x[:, None].expand(-1, len(h), -1)
    hidden = [part.expand(len(x), -1, -1) for part in h.split(machine.units[1:], 1)]
    log_r = machine.log_recognition(hidden, every_x)
    return machine.log_joint(every_x, hidden) - log_r, log_r


def _bounds(machine, repeats: int, samples: int, seed: int = 2) -> np.ndarray:
    """`repeats` independent bounds for each of all x: (2^d, repeats)."""
    x = _states(VISIBLE).repeat_interleave(repeats, 0)
    bounds = log_likelihood_bound(machine, x, samples, torch.Generator().manual_seed(seed))
    assert bounds.dtype == torch.float64 and bounds.shape == (len(x),)
    return bounds.view(-1, repeats).numpy()


@pytest.mark.parametrize(("layers", "chunk"), [([3], 2**23), ([3, 2], 2**23), ([3, 2], 16)])
def test_the_mean_of_weights_is_unbiased(layers, chunk, monkeypatch):
    """exp(bound) has mean p(x) and the variance of one weight over K.

    Also where the work is split: into single points, their six draws into four and two.
    """
    monkeypatch.setattr(binary, "CHUNK", chunk)
    repeats, samples = 300, 6
    machine = _machine(layers)
    estimates = np.exp(_bounds(machine, repeats, samples))
    log_weights, log_r = (part.numpy() for part in _log_weights(machine))
    exact = np.exp(log_weights + log_r).sum(1)
    away = np.exp(log_weights) - exact[:, None]
    second, fourth = ((away**power * np.exp(log_r)).sum(1) for power in (2, 4))
    variance = second / samples
    z = (estimates.mean(1) - exact) / np.sqrt(variance / repeats)
    assert np.abs(z).max() < 4.5
    # The central fourth moment of a mean of K, for the standard error of a sample variance.
    fourth = (fourth + 3 * (samples - 1) * second**2) / samples**3
    z = (estimates.var(1) - variance) / np.sqrt((fourth - variance**2) / repeats)
    assert np.abs(z).max() < 4.5


@pytest.mark.parametrize("samples", [1, 2, 3])
def test_the_bound_has_its_expectation(samples):
    """E[log (1/K) sum_k w_k], by enumeration of all K-tuples of h; at K = 1 it is the variational bound."""
    repeats = 2000
    machine = _machine([3])
    log_weights, log_r = _log_weights(machine)
    tuples = torch.cartesian_prod(*[torch.arange(8)] * samples).view(-1, samples)
    probability = log_r[:, tuples].sum(2).exp()
    value = log_weights[:, tuples].logsumexp(2) - math.log(samples)
    mean = (probability * value).sum(1)
    error = ((probability * value.square()).sum(1) - mean.square()).div(repeats).sqrt()
    found = _bounds(machine, repeats, samples)
    z = (found.mean(1) - mean.numpy()) / error.numpy()
    assert np.abs(z).max() < 4.5
    # Below log p(x) for every x, by far more than the error.
    exact = (log_weights + log_r).logsumexp(1).numpy()
    assert (found.mean(1) + 4.5 * error.numpy() < exact).all()


def test_the_bound_rises_to_the_log_likelihood():
    """The gap is Var(w) / (2 K p(x)^2) to first order in 1 / K.

    Measured as the mean of e - log(1 + e), e = exp(bound) / p(x) - 1 having mean 0: that has little noise.
    """
    machine = _machine([3, 2], scale=0.4)
    log_weights, log_r = _log_weights(machine)
    exact = -machine(_states(VISIBLE)).detach().numpy()[:, None]
    gaps = {}
    for samples, repeats in ((1, 300), (10, 300), (100, 300), (5000, 10)):
        above = _bounds(machine, repeats, samples) - exact
        gaps[samples] = (np.expm1(above) - above).mean()
    assert gaps[1] > gaps[10] > gaps[100] > gaps[5000] > 0
    relative_variance = np.expm1((2 * log_weights + log_r).logsumexp(1).numpy() - 2 * exact[:, 0]).mean()
    assert gaps[100] == pytest.approx(relative_variance / 200, rel=0.15)
    assert gaps[5000] == pytest.approx(relative_variance / 10_000, rel=0.3)


def test_the_bound_is_tight_where_recognition_is_the_posterior():
    """With one hidden unit the posterior is a logistic function of x, so the recognition net can be it.

    log P(h=1|x) / P(h=0|x) = b_L + sum_i [ x_i w_i - softplus(w_i + b_i) + softplus(b_i) ].
    """
    machine = _machine([1])
    weight, bias = machine.generative.layers[0].weight[:, 0], machine.generative.layers[0].bias
    with torch.no_grad():
        machine.recognition.layers[0].weight.copy_(weight[None])
        constant = (softplus(bias) - softplus(weight + bias)).sum()
        machine.recognition.layers[0].bias.copy_(machine.generative.top_bias + constant)
    exact = -machine(_states(VISIBLE)).detach().numpy()
    for samples in (1, 5):
        found = _bounds(machine, 10, samples)
        assert found == pytest.approx(np.repeat(exact[:, None], 10, 1), abs=1e-12)


def test_bounds_repeat_with_their_generator():
    machine = _machine([3])
    assert np.array_equal(_bounds(machine, 5, 3), _bounds(machine, 5, 3))
    assert not np.array_equal(_bounds(machine, 5, 3), _bounds(machine, 5, 3, seed=4))
