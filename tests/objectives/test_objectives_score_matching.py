"""Denoising and sliced score matching against Hyvarinen's exact score matching, and closed forms of both."""

import itertools
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from ebmrepro.energies.conv import ConvEnergy
from ebmrepro.energies.gaussian import GaussianEnergy
from ebmrepro.energies.mlp import MLPEnergy
from ebmrepro.objectives.dsm import DenoisingScoreMatching, denoising_score_matching
from ebmrepro.objectives.ssm import SlicedScoreMatching, sliced_score_matching
from ebmrepro.params.objectives.dsm import DenoisingScoreMatching as DSMConfig
from ebmrepro.params.objectives.ssm import SlicedScoreMatching as SSMConfig


def _sampler(seed: int = 0) -> SimpleNamespace:
    return SimpleNamespace(generator=torch.Generator().manual_seed(seed), buffer=None)


def _gaussian(dim: int) -> GaussianEnergy:
    energy = GaussianEnergy(dim).double()
    generator = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for parameter in energy.parameters():
            parameter.copy_(0.5 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return energy


def _mlp(dim: int) -> MLPEnergy:
    energy = MLPEnergy(dim, [12, 12]).double()
    with torch.no_grad():
        for parameter in energy.parameters():
            parameter.mul_(2.0)
    return energy


def _gradient(loss: torch.Tensor, energy: nn.Module) -> torch.Tensor:
    parts = torch.autograd.grad(loss, list(energy.parameters()), allow_unused=True, materialize_grads=True)
    return nn.utils.parameters_to_vector(parts).detach()


def _signs(dim: int, count: int) -> torch.Tensor:
    """All 2^d sign vectors for each of `count` points."""
    signs = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=dim)), dtype=torch.float64)
    return signs[:, None].expand(-1, count, -1)


def _hyvarinen(energy: nn.Module, data: torch.Tensor) -> torch.Tensor:
    """E[ |grad E|^2 / 2 - tr grad^2 E ] by torch's own full Hessians."""

    def single(x):
        return energy(x[None])[0]

    gradients = torch.func.vmap(torch.func.grad(single))(data)
    hessians = torch.func.vmap(torch.func.hessian(single))(data)
    return (0.5 * gradients.square().sum(1) - hessians.diagonal(dim1=1, dim2=2).sum(1)).mean()


def _fit(loss_of, energy: nn.Module) -> None:
    optimizer = torch.optim.LBFGS(energy.parameters(), max_iter=1000, tolerance_grad=1e-11,
                                  tolerance_change=1e-15, line_search_fn="strong_wolfe")  # fmt: skip

    def closure():
        optimizer.zero_grad()
        loss = loss_of(energy)
        loss.backward()
        return loss

    optimizer.step(closure)


@pytest.mark.parametrize("make", [_gaussian, _mlp])
def test_sliced_over_all_signs_is_hyvarinens(make):
    energy, data = make(3), torch.randn(20, 3, dtype=torch.float64)
    exact = _hyvarinen(energy, data)
    loss, energies = sliced_score_matching(energy, data, _signs(3, 20))
    torch.testing.assert_close(loss, exact, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(_gradient(loss, energy), _gradient(exact, energy), rtol=1e-10, atol=1e-11)
    torch.testing.assert_close(energies, energy(data))


def test_sliced_on_a_gaussian_is_the_closed_form():
    """|Lambda (x - mu)|^2 / 2 - v^T Lambda v, direction by direction."""
    energy, data = _gaussian(3), torch.randn(20, 3, dtype=torch.float64)
    precision = energy.precision().detach()
    size = 0.5 * ((data - energy.mean.detach()) @ precision).square().sum(1).mean()
    for v in (torch.randn(2, 20, 3).double(), _signs(3, 20)[:1]):
        loss, _ = sliced_score_matching(energy, data, v)
        curvature = torch.einsum("pbi,ij,pbj->pb", v, precision, v).mean()
        torch.testing.assert_close(loss.detach(), size - curvature)


def test_the_minimum_of_sliced_is_the_mean_and_precision_of_the_data():
    generator = np.random.default_rng(1)
    data = torch.from_numpy(generator.standard_normal((200, 2)) @ generator.standard_normal((2, 2)) + 0.7)
    energy = GaussianEnergy(2).double()
    _fit(lambda energy: sliced_score_matching(energy, data, _signs(2, 200))[0], energy)
    assert energy.mean.detach().numpy() == pytest.approx(data.mean(0).numpy(), abs=1e-6)
    covariance = torch.linalg.inv(energy.precision()).detach().numpy()
    assert covariance == pytest.approx(np.cov(data.T.numpy(), bias=True), abs=1e-5)


@pytest.mark.parametrize("projections", [1, 4])
def test_sliced_draws_independent_signs_and_is_unbiased(projections):
    """Loss and gradient of the objective over many seeds against Hyvarinen's."""
    energy, data = _mlp(3), torch.randn(20, 3, dtype=torch.float64)
    objective = SlicedScoreMatching(SSMConfig(kind="ssm", projections=projections))
    rows, sampler = [], _sampler()
    for _ in range(300):
        terms = objective(energy, data, sampler)
        loss = terms.losses["score"]
        rows.append(torch.cat([loss.detach()[None], _gradient(loss, energy)]))
        assert float(terms.logged["loss_score"]) == float(loss.detach())
    rows = torch.stack(rows)
    exact = _hyvarinen(energy, data)
    exact = torch.cat([exact.detach()[None], _gradient(exact, energy)])
    error = rows.std(0) / math.sqrt(len(rows))
    used = error > 1e-12
    assert float(((rows.mean(0) - exact)[used] / error[used]).abs().max()) < 4.5
    assert float((exact[used] / error[used]).abs().median()) > 5
    assert float(terms.logged["energy_positive"]) == pytest.approx(float(energy(data).mean().detach()))


def test_more_projections_have_less_variance():
    energy, data, sampler = _mlp(3), torch.randn(20, 3, dtype=torch.float64), _sampler()
    variances = []
    for projections in (1, 8):
        objective = SlicedScoreMatching(SSMConfig(kind="ssm", projections=projections))
        losses = [float(objective(energy, data, sampler).losses["score"].detach()) for _ in range(400)]
        variances.append(np.var(losses))
    # An eighth; the ratio of two variances from 400 draws each has a standard deviation of a tenth.
    assert variances[0] / variances[1] == pytest.approx(8, rel=0.5)


def test_a_diagonal_hessian_leaves_no_variance():
    """Why signs and not normal directions: v^T H v is tr H exactly."""
    energy = GaussianEnergy(4).double()
    objective = SlicedScoreMatching(SSMConfig(kind="ssm", projections=1))
    data = torch.randn(5, 4, dtype=torch.float64)
    losses = {
        round(float(objective(energy, data, _sampler(s)).losses["score"].detach()), 12) for s in range(20)
    }
    assert losses == {round(float(_hyvarinen(energy, data).detach()), 12)}


def _nodes(mean: torch.Tensor, factor: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Equally likely (data, noise) that have the moments of N(mean, F F^T) x N(0, I) to the third."""
    dim = len(mean)
    joint = math.sqrt(2 * dim) * torch.cat([torch.eye(2 * dim), -torch.eye(2 * dim)]).double()
    return mean + joint[:, :dim] @ factor.T, joint[:, dim:]


SIGMAS = [0.1, 0.5, 2.0]


@pytest.mark.parametrize("sigma", SIGMAS)
def test_denoising_on_a_gaussian_is_the_closed_form(sigma):
    """[ s^2 tr(L S L) + s^2 |L (m - mu)|^2 - 2 s^2 tr L + d ] / 2 with S = F F^T + s^2 I."""
    energy, mean = _gaussian(2), torch.tensor([0.5, -1.0], dtype=torch.float64)
    factor = torch.tensor([[1.0, 0.0], [0.6, 0.8]], dtype=torch.float64)
    data, noise = _nodes(mean, factor)
    loss, energies = denoising_score_matching(energy, data, noise, sigma)
    precision = energy.precision()
    noised = factor @ factor.T + sigma**2 * torch.eye(2).double()
    quadratic = (
        torch.trace(precision @ noised @ precision) + (precision @ (mean - energy.mean)).square().sum()
    )
    exact = 0.5 * (sigma**2 * quadratic - 2 * sigma**2 * precision.trace() + 2)
    torch.testing.assert_close(loss, exact, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(_gradient(loss, energy), _gradient(exact, energy), rtol=1e-10, atol=1e-11)
    torch.testing.assert_close(energies, energy(data + sigma * noise))


@pytest.mark.parametrize("sigma", SIGMAS)
def test_denoising_is_exact_score_matching_of_the_noised_gaussian(sigma):
    """Vincent (2011): up to a constant, sigma^2 times Hyvarinen's objective on p_D * N(0, sigma^2 I)."""
    energy, mean = _gaussian(2), torch.tensor([0.5, -1.0], dtype=torch.float64)
    factor = torch.tensor([[1.0, 0.0], [0.6, 0.8]], dtype=torch.float64)
    loss, _ = denoising_score_matching(energy, *_nodes(mean, factor), sigma)
    root = torch.linalg.cholesky(factor @ factor.T + sigma**2 * torch.eye(2).double())
    noised, _ = _nodes(mean, root)
    exact = sigma**2 * _hyvarinen(energy, noised)
    torch.testing.assert_close(_gradient(loss, energy), _gradient(exact, energy), rtol=1e-9, atol=1e-10)
    torch.testing.assert_close(loss, exact + 1.0, rtol=1e-10, atol=1e-10)  # d/2


@pytest.mark.parametrize("sigma", SIGMAS)
def test_the_minimum_of_denoising_is_the_precision_of_the_noised_data(sigma):
    mean, factor = torch.tensor([0.5, -1.0]).double(), torch.tensor([[1.0, 0.0], [0.6, 0.8]]).double()
    data, noise = _nodes(mean, factor)
    energy = GaussianEnergy(2).double()
    _fit(lambda energy: denoising_score_matching(energy, data, noise, sigma)[0] / sigma**2, energy)
    assert energy.mean.detach().numpy() == pytest.approx(mean.numpy(), abs=1e-5)
    covariance = torch.linalg.inv(energy.precision()).detach().numpy()
    assert covariance == pytest.approx((factor @ factor.T).numpy() + sigma**2 * np.eye(2), rel=1e-4)


def test_denoising_has_the_gradient_of_the_known_score_of_noised_points():
    """Data on two points: the noisy law is a mixture of two Gaussians, whose score is known.

    E|s grad E + s score|^2 / 2 has the same gradient; both over the same draws, seed by seed.
    """
    energy, sigma, sampler = _mlp(2), 0.6, _sampler(5)
    points = torch.tensor([[-1.0, 0.3], [0.8, -0.5]], dtype=torch.float64)
    differences, sizes = [], []
    for _ in range(40):
        data = points.repeat(1000, 1)
        noise = torch.randn(data.shape, generator=sampler.generator, dtype=torch.float64)
        found = _gradient(denoising_score_matching(energy, data, noise, sigma)[0], energy)
        noisy = (data + sigma * noise).requires_grad_(True)
        exponents = -((noisy[:, None] - points) ** 2).sum(2) / (2 * sigma**2)
        (score,) = torch.autograd.grad(exponents.logsumexp(1).sum(), noisy)
        (slope,) = torch.autograd.grad(energy(noisy).sum(), noisy, create_graph=True)
        exact = _gradient(0.5 * (sigma * (slope + score)).square().sum(1).mean(), energy)
        differences.append(found - exact)
        sizes.append(exact)
    differences = torch.stack(differences)
    error = differences.std(0) / math.sqrt(len(differences))
    used = error > 1e-12
    assert float((differences.mean(0)[used] / error[used]).abs().max()) < 4.5
    assert float((torch.stack(sizes).mean(0)[used] / error[used]).abs().median()) > 5


def test_a_flat_energy_has_half_the_dimension_as_denoising_loss():
    energy = nn.Sequential(nn.Flatten(), nn.Linear(12, 1), nn.Flatten(0)).double()
    nn.init.zeros_(energy[1].weight)
    for sigma in SIGMAS:
        objective = DenoisingScoreMatching(DSMConfig(kind="dsm", sigma=sigma))
        terms = objective(energy, torch.rand(20000, 3, 2, 2, dtype=torch.float64), _sampler())
        assert set(terms.losses) == {"score"}
        found = float(terms.losses["score"].detach())
        assert found == pytest.approx(6, abs=5 * math.sqrt(12 / 2 / 20000))
        assert float(terms.logged["loss_score"]) == found
        assert float(terms.logged["energy_positive"]) == pytest.approx(float(energy[1].bias.detach()))


@pytest.mark.parametrize("sigma", [0.2, 1.0])
def test_the_objective_draws_noise_of_the_stated_size(sigma):
    seen = []

    class Spy(nn.Module):
        def forward(self, x):
            seen.append(x.detach())
            return 0.5 * x.square().sum(1)

    DenoisingScoreMatching(DSMConfig(kind="dsm", sigma=sigma))(Spy(), torch.zeros(20000, 3), _sampler())
    assert len(seen) == 1
    assert float(seen[0].std()) == pytest.approx(sigma, rel=5 / math.sqrt(2 * 60000))


def test_both_reach_every_parameter_of_a_convolutional_energy():
    energy, data = ConvEnergy(1, 3), torch.rand(4, 1, 8, 8)
    for objective in (
        DenoisingScoreMatching(DSMConfig(kind="dsm", sigma=0.1)),
        SlicedScoreMatching(SSMConfig(kind="ssm", projections=2)),
    ):
        loss = objective(energy, data, _sampler()).losses["score"]
        parts = torch.autograd.grad(loss, list(energy.parameters()), allow_unused=True)
        # A constant has no part in a score.
        assert [name for (name, _), part in zip(energy.named_parameters(), parts, strict=True)
                if part is None or not part.any()] == ["output.bias"]  # fmt: skip
