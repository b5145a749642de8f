"""DCD between its limits, score matching and maximum likelihood; its gradients."""

import itertools
import math

import numpy as np
import pytest
import torch
from objectives_dcd_case import dcd_config, gradient, random_source
from torch import nn

from ebmrepro.energies.gaussian import GaussianEnergy
from ebmrepro.energies.mlp import MLPEnergy
from ebmrepro.objectives import dcd
from ebmrepro.objectives.dcd import diffusion_contrastive_divergence, variance_exploding, variance_preserving
from ebmrepro.objectives.mle import negative_log_likelihood
from ebmrepro.objectives.ssm import sliced_score_matching
from ebmrepro.params.objectives.dcd import DiffusionContrastiveDivergence as Config

DIM = 2
# Equally likely points with mean 0, covariance I and no third moments, as N(0, I) has them.
CUBATURE = math.sqrt(DIM) * torch.cat([torch.eye(DIM), -torch.eye(DIM)]).double()
SIGNS = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=DIM))).double()


def _gaussian(dim: int, seed: int = 3) -> GaussianEnergy:
    energy = GaussianEnergy(dim).double()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in energy.parameters():
            parameter.copy_(0.5 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return energy


def _energies() -> list[nn.Module]:
    mlp = MLPEnergy(DIM, [16, 16]).double()
    with torch.no_grad():
        for parameter in mlp.parameters():
            parameter.mul_(2.0)
    return [_gaussian(DIM), mlp]


def _short(energy: nn.Module, data: torch.Tensor, kernel) -> torch.Tensor:
    """L of a short diffusion: its noises need to be right to their third moments only."""
    x = data.repeat_interleave(len(CUBATURE), 0)
    y = kernel.diffuse(x, CUBATURE.repeat(len(data), 1))
    inner = kernel.invert(y, CUBATURE[:, None, :])
    terms, _ = diffusion_contrastive_divergence(energy, x, inner)
    return terms.mean()


@pytest.mark.parametrize("number", [0, 1], ids=["gaussian", "mlp"])
@pytest.mark.parametrize(
    ("kernel_of", "rate"),
    # D / variance tends to half the Fisher divergence, which is score matching's loss; VP adds 2T of it.
    [(lambda h: variance_exploding(0.0, math.sqrt(h)), 1.0), (lambda h: variance_preserving(0.0, h), 2.0)],
    ids=["ve", "vp"],
)
def test_a_short_diffusion_has_the_gradient_of_score_matching(number, kernel_of, rate):
    energy, data = _energies()[number], torch.randn(30, DIM, dtype=torch.float64)
    directions = SIGNS[:, None, :].expand(-1, len(data), -1)
    # Over all sign vectors the sliced form is Hyvarinen's own.
    exact = gradient(sliced_score_matching(energy, data, directions)[0], energy)
    errors = []
    for horizon in (1e-2, 1e-3, 1e-4):
        found = gradient(_short(energy, data, kernel_of(horizon)), energy) / (rate * horizon)
        errors.append(float((found - exact).norm() / exact.norm()))
    assert errors[-1] < 1e-3
    # The distance falls in proportion to the horizon.
    assert errors[1] / errors[0] == pytest.approx(0.1, rel=0.1)
    assert errors[2] / errors[1] == pytest.approx(0.1, rel=0.02)


def test_a_short_diffusion_has_the_loss_of_score_matching_in_closed_form():
    """Gaussian energy: |Lambda (x - mu)|^2 / 2 - tr Lambda."""
    energy, data = _gaussian(DIM), torch.randn(30, DIM, dtype=torch.float64)
    precision = energy.precision().detach()
    scores = (data - energy.mean.detach()) @ precision
    exact = 0.5 * scores.square().sum(1).mean() - precision.trace()
    found = _short(energy, data, variance_exploding(0.0, 1e-2)).detach() / 1e-4
    torch.testing.assert_close(found, exact, rtol=1e-3, atol=0)


def test_a_long_diffusion_has_the_gradient_of_maximum_likelihood():
    """In one dimension, x' on a fine grid over the model; the distance falls as 1/sigma^2."""
    energy, data = _gaussian(1), torch.randn(40, 1, dtype=torch.float64)
    exact = gradient(negative_log_likelihood(energy, data)[0], energy)
    mean, width = float(energy.mean.detach()), float(energy.precision().detach()) ** -0.5
    nodes = torch.linspace(-10, 10, 4001, dtype=torch.float64)
    errors = []
    for sigma in (10.0, 20.0, 40.0):
        kernel = variance_exploding(0.0, sigma)
        noise = torch.tensor([-1.0, 1.0], dtype=torch.float64)  # right to the third moment of xi
        y = kernel.diffuse(data.repeat_interleave(2, 0), noise.repeat(len(data))[:, None])
        # Equally spaced: the weights are N(x'; y, sigma^2) alone.
        inner = (mean + width * nodes).view(-1, 1, 1).expand(-1, len(y), 1)
        log_weights = -0.5 * ((inner[..., 0] - y[:, 0]) / sigma) ** 2

        def weighted(x, log_weights=log_weights, y=y):
            return energy(x) - torch.cat([torch.zeros(len(y)).double(), log_weights.flatten()])

        terms, _ = diffusion_contrastive_divergence(weighted, data.repeat_interleave(2, 0), inner)
        errors.append(float((gradient(terms.mean(), energy) - exact).norm() / exact.norm()))
    assert errors[-1] < 5e-3
    assert errors[1] / errors[0] == pytest.approx(0.25, rel=0.1)
    assert errors[2] / errors[1] == pytest.approx(0.25, rel=0.1)


def _mean_gradient(config: Config, energy: nn.Module, make_data, seeds: int, batch: int):
    """Mean gradient over seeds and its standard error, one a parameter."""
    objective, found = dcd.DiffusionContrastiveDivergence(config), []
    for seed in range(seeds):
        data = make_data(batch, torch.Generator().manual_seed(1000 + seed))
        found.append(gradient(objective(energy, data, random_source(seed)).losses["dcd"], energy))
    found = torch.stack(found)
    return found.mean(0), found.std(0) / math.sqrt(seeds)


def _true_gaussian(energy: GaussianEnergy):
    """Samples of exp(-E) / Z."""
    factor = torch.linalg.cholesky(torch.linalg.inv(energy.precision().detach()))
    mean = energy.mean.detach()

    def make(count, generator):
        z = torch.randn(count, len(mean), generator=generator, dtype=torch.float64)
        return mean + z @ factor.T

    return make


@pytest.mark.parametrize(("diffusion", "levels"), [("ve", [0.0, 0.7]), ("vp", [0.0, 0.3])])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_with_a_stabiliser_of_one_the_truth_is_stationary_for_any_number_of_inner_samples(
    diffusion, levels, count
):
    energy = _gaussian(DIM)
    config = dcd_config(diffusion=diffusion, levels=levels, inner_samples=count, stabiliser=1.0)
    mean, error = _mean_gradient(config, energy, _true_gaussian(energy), 20, 4000)
    moved = error > 0  # the upper triangle has no part in the energy
    assert int(moved.sum()) == 5
    assert float((mean[moved] / error[moved]).abs().max()) < 4
    # And only the truth: beside it the gradient is many times its error.
    with torch.no_grad():
        energy.mean.add_(0.3)
    mean, error = _mean_gradient(config, energy, _true_gaussian(_gaussian(DIM)), 20, 4000)
    assert float((mean[moved] / error[moved]).abs().max()) > 12


def test_without_a_stabiliser_few_inner_samples_push_away_from_the_truth():
    energy = _gaussian(DIM)
    sizes = {}
    for count in (4, 64):
        config = dcd_config(levels=[0.0, 0.7], inner_samples=count)
        mean, error = _mean_gradient(config, energy, _true_gaussian(energy), 10, 2000)
        used = error > 0
        if count == 4:
            assert float((mean[used] / error[used]).abs().max()) > 12
        sizes[count] = float(mean.norm())
    assert sizes[64] < 0.3 * sizes[4]


class _Holes(nn.Module):
    """Energy -depth at the data points alone, 0 elsewhere."""

    def __init__(self, points: torch.Tensor, depth: float):
        super().__init__()
        self.points, self.depth = points, depth

    def forward(self, x):
        at_point = (x[:, None] == self.points).all(2).any(1)
        return -self.depth * at_point.to(x.dtype)


@pytest.mark.parametrize("stabiliser", [0.0, 0.1, 1.0])
def test_the_stabiliser_is_a_floor_under_holes_at_data_points(stabiliser):
    data = torch.randn(50, DIM, dtype=torch.float64)
    objective = dcd.DiffusionContrastiveDivergence(dcd_config(inner_samples=8, stabiliser=stabiliser))
    losses = [
        float(objective(_Holes(data, depth), data, random_source(0)).losses["dcd"]) for depth in (0, 10, 100)
    ]
    assert losses[0] == pytest.approx(math.log(1 + stabiliser / 8), abs=1e-12)
    if stabiliser:
        assert losses[2] == pytest.approx(math.log(stabiliser / 8), abs=1e-12)
        assert losses[2] < losses[1] < losses[0]
    else:
        assert losses == pytest.approx([0, -10, -100])


def test_training_by_one_step_dcd_finds_the_parameters_of_a_gaussian():
    """Full batches and many updates, M = 4 with w = 1; the data's own mean and covariance are the answer."""
    generator = torch.Generator().manual_seed(0)
    factor = torch.tensor([[1.0, 0.0], [0.6, 0.8]], dtype=torch.float64)
    data = (
        torch.randn(4000, DIM, generator=generator, dtype=torch.float64) @ factor.T
        + torch.tensor([0.5, -1.0]).double()
    )
    energy = GaussianEnergy(DIM).double()
    objective = dcd.DiffusionContrastiveDivergence(dcd_config(levels=[0.0, 1.0], stabiliser=1.0))
    optimizer = torch.optim.Adam(energy.parameters(), lr=0.05)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, 400)
    sampler = random_source(1)
    for _ in range(400):
        optimizer.zero_grad()
        objective(energy, data, sampler).losses["dcd"].backward()
        optimizer.step()
        schedule.step()
    covariance = torch.linalg.inv(energy.precision()).detach().numpy()
    assert energy.mean.detach().numpy() == pytest.approx(data.mean(0).numpy(), abs=0.03)
    assert covariance == pytest.approx(np.cov(data.T.numpy()), abs=0.05)
