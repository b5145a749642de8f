"""Langevin dynamics against the Gaussian, where the discretised chain has closed forms."""

import math

import pytest
import torch
from scipy import stats

from ebmrepro.energies import build_energy
from ebmrepro.mcmc.chain import chain, run_chain
from ebmrepro.mcmc.langevin import transition
from ebmrepro.params.energies.gaussian import GaussianEnergy
from ebmrepro.params.energies.mlp import MLPEnergy
from ebmrepro.params.sampling import Langevin


def _config(steps=10, step_size=0.1, noise=0.0, clamp=None) -> Langevin:
    return Langevin(steps=steps, step_size=step_size, noise=noise, anneal=False, clamp=clamp)


def _generator(seed=0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def quadratic(a: float):
    """E(x) = a |x|^2 / 2."""
    return lambda x: 0.5 * a * x.square().flatten(1).sum(1)


def test_small_matched_steps_sample_the_gaussian():
    """Mean and covariance in 2-D, up to the exact bias of the discretisation and sampling error."""
    precision = torch.tensor([[2.0, 0.6], [0.6, 1.0]], dtype=torch.float64)
    mean = torch.tensor([1.0, -0.5], dtype=torch.float64)
    step, n = 0.02, 20_000
    config = _config(steps=600, step_size=step, noise=math.sqrt(2 * step))
    x = torch.zeros(n, 2, dtype=torch.float64)
    end = run_chain(lambda x: 0.5 * (((x - mean) @ precision) * (x - mean)).sum(1), x, config, _generator())
    covariance = torch.linalg.inv(precision)
    errors = (end.mean(0) - mean) / (covariance.diagonal() / n).sqrt()
    assert errors.abs().max() < 4.5
    # The chain of this update order is stationary at R^2 (I - R^2)^-1 * 2 step, R = I - step * precision.
    r2 = torch.linalg.matrix_power(torch.eye(2, dtype=torch.float64) - step * precision, 2)
    stationary = 2 * step * r2 @ torch.linalg.inv(torch.eye(2, dtype=torch.float64) - r2)
    assert (stationary - covariance).abs().max() < 3 * step
    spread = torch.outer(covariance.diagonal(), covariance.diagonal()) + covariance.square()
    assert ((torch.cov(end.T) - stationary).abs() / (spread / n).sqrt()).max() < 4.5


@pytest.mark.parametrize(("a", "step", "noise"), [(1.0, 0.1, 0.4472136), (2.0, 0.3, 0.5), (0.5, 1.0, 0.2)])
def test_exact_stationary_variance_of_the_discretised_chain(a, step, noise):
    """x <- r (x + noise eps), r = 1 - step a: v = r^2 (v + noise^2), so v = r^2 noise^2 / (1 - r^2)."""
    n = 40_000
    end = run_chain(quadratic(a), torch.zeros(n, 1, dtype=torch.float64),
                    _config(200, step, noise), _generator(1))  # fmt: skip
    r2 = (1 - step * a) ** 2
    variance = r2 * noise**2 / (1 - r2)
    # (n - 1) s^2 / v follows chi-square: two-sided test; and the law is normal.
    tail = stats.chi2.cdf((n - 1) * float(end.var()) / variance, n - 1)
    assert 1e-4 < tail < 1 - 1e-4
    assert stats.kstest(end[:, 0].numpy() / math.sqrt(variance), "norm").pvalue > 1e-4


def test_transient_mean_and_variance_after_k_steps():
    a, step, noise, k, n = 1.5, 0.2, 0.3, 5, 40_000
    end = run_chain(quadratic(a), torch.full((n, 1), 2.0, dtype=torch.float64),
                    _config(k, step, noise), _generator(2))  # fmt: skip
    r = 1 - step * a
    variance = noise**2 * sum(r ** (2 * j) for j in range(1, k + 1))
    assert abs(float(end.mean()) - 2 * r**k) < 4.5 * math.sqrt(variance / n)
    assert abs(float(end.var()) / variance - 1) < 4.5 * math.sqrt(2 / n)


def test_without_noise_it_is_gradient_descent_exactly():
    energy = build_energy(MLPEnergy(kind="mlp", widths=[8, 8], condition=None), (3,))
    x = y = torch.randn(5, 3)
    for state in chain(energy, x, _config(6, 0.25), _generator()):
        y = y.detach().requires_grad_(True)
        energy(y).sum().backward()
        y = y.detach() - 0.25 * y.grad
        assert torch.equal(state, y)


def test_steps_are_counted_and_states_detached():
    states = list(chain(quadratic(1.0), torch.ones(2, 3), _config(7, 0.5), _generator()))
    assert len(states) == 7 and not any(state.requires_grad for state in states)
    for k, state in enumerate(states, start=1):
        assert torch.equal(state, torch.full((2, 3), 0.5**k))
    assert len(list(chain(quadratic(1.0), torch.ones(2, 3), _config(7), _generator(), steps=3))) == 3
    start = torch.ones(2, 3, requires_grad=True)
    unmoved = run_chain(quadratic(1.0), start, _config(7), _generator(), steps=0)
    assert torch.equal(unmoved, start) and not unmoved.requires_grad


def test_the_clamp_holds_at_every_step_and_nowhere_else():
    free = _config(20, 0.5, 0.6)
    boxed = _config(20, 0.5, 0.6, clamp=[-0.25, 0.5])
    for state in chain(quadratic(0.1), torch.zeros(50, 2), boxed, _generator()):
        assert state.min() >= -0.25 and state.max() <= 0.5
        assert (state == -0.25).any() and (state == 0.5).any()
    x = torch.zeros(50, 2)
    unclamped = transition(quadratic(0.1), x, free, _generator())
    clamped = transition(quadratic(0.1), x, boxed, _generator())
    assert torch.equal(clamped, unclamped.clamp(-0.25, 0.5))
    assert unclamped.abs().max() > 0.5


@pytest.mark.parametrize("clamp", [None, [-0.5, 0.5]])
def test_the_attached_step_has_the_values_of_the_detached_one(clamp):
    config, x = _config(1, 0.3, 0.2, clamp), torch.randn(9, 4, dtype=torch.float64)
    quadratic_energy = build_energy(GaussianEnergy(kind="gaussian"), (4,)).double()
    # Swish differentiated twice runs through other kernels: equal up to the last bits only.
    swish_energy = build_energy(MLPEnergy(kind="mlp", widths=[16], condition=None), (4,)).double()
    for energy, tolerance in ((quadratic_energy, 0.0), (swish_energy, 1e-14)):
        attached = transition(energy, x, config, _generator(4), create_graph=True)
        detached = transition(energy, x, config, _generator(4))
        torch.testing.assert_close(attached.detach(), detached, atol=tolerance, rtol=0)
        assert attached.requires_grad and not detached.requires_grad
        assert not torch.equal(detached, transition(energy, x, config, _generator(5)))


def test_clamped_coordinates_carry_no_gradient():
    energy = build_energy(GaussianEnergy(kind="gaussian"), (2,))
    x = torch.tensor([[5.0, 0.9]])
    step = transition(energy, x, _config(1, 0.1, 0.0, [0.0, 1.0]), _generator(), create_graph=True)
    assert float(step[0, 0].detach()) == 1.0
    stopped = torch.autograd.grad(step[0, 0], energy.mean, retain_graph=True)[0]
    assert torch.equal(stopped, torch.zeros(2))
    # x - step * Lambda (x - mu), Lambda = 2 I at the start: d/dmu = 0.2.
    free = torch.autograd.grad(step[0, 1], energy.mean)[0]
    torch.testing.assert_close(free, torch.tensor([0.0, 0.2]))


def test_gradients_of_parameters_are_not_touched():
    energy = build_energy(MLPEnergy(kind="mlp", widths=[4], condition=None), (2,))
    run_chain(energy, torch.randn(3, 2), _config(3, 0.1, 0.1), _generator())
    assert all(parameter.grad is None for parameter in energy.parameters())


def test_works_where_gradients_are_switched_off():
    with torch.no_grad():
        end = run_chain(quadratic(1.0), torch.ones(1, 2), _config(1, 0.5), _generator())
    assert torch.equal(end, torch.full((1, 2), 0.5))
