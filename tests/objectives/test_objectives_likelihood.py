"""Maximum likelihood has a closed form for the Gaussian; long matched chains reach its gradient."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from ebmrepro.energies import build_energy
from ebmrepro.mcmc.negatives import NegativeSampler
from ebmrepro.objectives.mle import negative_log_likelihood
from ebmrepro.params.energies.gaussian import GaussianEnergy
from ebmrepro.params.energies.mlp import MLPEnergy
from ebmrepro.params.objectives.cd import ContrastiveDivergence
from ebmrepro.params.objectives.mle import MaximumLikelihood
from ebmrepro.params.samplers.langevin import LangevinSampler


def _energy(dim: int):
    return build_energy(GaussianEnergy(kind="gaussian"), (dim,)).double()


def test_nll_is_scipys():
    energy, x = _energy(3), np.random.default_rng(0).standard_normal((40, 3))
    covariance = np.linalg.inv(energy.precision().detach().numpy())
    expected = -stats.multivariate_normal(np.ones(3), covariance).logpdf(x).mean()
    assert float(negative_log_likelihood(energy, torch.from_numpy(x))[0].detach()) == pytest.approx(
        expected, abs=1e-12
    )


def test_the_minimum_is_the_sample_mean_and_covariance():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((300, 4)) @ rng.standard_normal((4, 4)) + rng.standard_normal(4)
    energy = _energy(4)
    optimizer = torch.optim.LBFGS(energy.parameters(), max_iter=1000, tolerance_grad=1e-10,
                                  tolerance_change=1e-14, line_search_fn="strong_wolfe")  # fmt: skip

    def closure():
        optimizer.zero_grad()
        loss = negative_log_likelihood(energy, torch.from_numpy(x))[0]
        loss.backward()
        return loss

    optimizer.step(closure)
    assert energy.mean.detach().numpy() == pytest.approx(x.mean(0), abs=1e-6)
    covariance = torch.linalg.inv(energy.precision()).detach().numpy()
    assert covariance == pytest.approx(np.cov(x.T, bias=True), abs=1e-5)


def test_the_objective_needs_no_chain_and_logs_the_mean_energy():
    energy, x = _energy(2), torch.randn(10, 2, dtype=torch.float64)
    terms = MaximumLikelihood(kind="mle", grid=None).build()(energy, x, None)
    assert set(terms.losses) == {"nll"}
    assert float(terms.losses["nll"].detach()) == pytest.approx(
        float(negative_log_likelihood(energy, x)[0].detach())
    )
    assert float(terms.logged["energy_positive"]) == pytest.approx(
        float(energy(x).mean().detach()), abs=1e-12
    )


def test_an_energy_without_log_z_is_refused():
    with pytest.raises(AttributeError):
        config = MLPEnergy(kind="mlp", widths=[3], condition=None)
        negative_log_likelihood(build_energy(config, (2,)), torch.zeros(1, 2))[0]


def test_cd_with_long_matched_chains_has_the_gradient_of_maximum_likelihood():
    """E_data[dE] - E_chain[dE] tends to E_data[dE] - E_model[dE] = the gradient of the NLL."""
    n, step, steps = 6000, 0.002, 1200
    energy = _energy(2)
    with torch.no_grad():
        energy.lower[1, 0] = 0.4
        energy.mean.copy_(torch.tensor([0.5, -0.3]))
    data = torch.randn(n, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    config = LangevinSampler(
        kind="langevin", steps=steps, step_size=step, noise=math.sqrt(2 * step), anneal=False, clamp=None,
        start="data", start_box=[-1.0, 1.0], buffer={"kind": "fifo", "size": n, "reinitialise": 0.0},
        augmentation=None,
    )  # fmt: skip
    sampler = NegativeSampler(config, data, False, torch.Generator().manual_seed(1))
    terms = ContrastiveDivergence(kind="cd", energy_l2=0.0).build()(energy, data, sampler)
    parameters = list(energy.parameters())
    found = nn.utils.parameters_to_vector(torch.autograd.grad(terms.losses["cd"], parameters))
    exact = nn.utils.parameters_to_vector(
        torch.autograd.grad(negative_log_likelihood(energy, data)[0], parameters, materialize_grads=True)
    )
    # Monte Carlo error of the chain's side, from the spread of the per-sample gradients.
    ends = sampler.buffer.samples
    each = torch.func.vmap(
        torch.func.grad(lambda p, x: torch.func.functional_call(energy, p, (x[None],))[0]), (None, 0)
    )(dict(energy.named_parameters()), ends)
    error = torch.cat([g.detach().flatten(1) for g in each.values()], 1).std(0) / math.sqrt(n)
    # The chain's own bias: its stationary covariance is (1 + O(step)) times the model's.
    bias = 3 * step * torch.linalg.eigvalsh(energy.precision()).max().detach()
    assert ((found - exact).abs() <= 4.5 * error + bias).all()
    assert exact.norm() > 20 * (error.max() + bias)
