"""Values of the DCD losses against scipy's quadrature of the integrals they estimate.

p_0 = N(0, 1), q_0 = N(0.7, 0.36): E(x) = (x - 0.7)^2 / 0.72.
"""

import itertools
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy import integrate, stats
from torch import nn

from ebmrepro.energies.conditional import Given
from ebmrepro.energies.gaussian import GaussianEnergy
from ebmrepro.energies.mlp import MLPEnergy
from ebmrepro.evaluation.measures.gaussian import gaussian_kl
from ebmrepro.objectives import dcd
from ebmrepro.objectives.dcd import (
    diffusion_contrastive_divergence,
    kernels,
    marginals,
    variance_exploding,
    variance_preserving,
)
from ebmrepro.params.objectives.dcd import DiffusionContrastiveDivergence as Config

MEAN, VARIANCE = 0.7, 0.36
# KL(p_0|q_0) - KL(p_T|q_T), as derived on paper.
VE, VP = ("ve", 0.5, 0.4911092490), ("vp", 0.4, 0.8718107427)


def _config(diffusion="ve", levels=(0.0, 0.5), inner_samples=4, stabiliser=0.0) -> Config:
    return Config(kind="dcd", diffusion=diffusion, levels=list(levels), inner_samples=inner_samples,
                  stabiliser=stabiliser)  # fmt: skip


def _sampler(seed: int) -> SimpleNamespace:
    return SimpleNamespace(generator=torch.Generator().manual_seed(seed), buffer=None)


def _model(mean=MEAN, variance=VARIANCE) -> GaussianEnergy:
    energy = GaussianEnergy(1).double()
    with torch.no_grad():
        energy.mean.fill_(mean)
        energy.log_diagonal.fill_(-0.5 * math.log(variance))
    return energy


def _entropies(kernel) -> float:
    """-H(p_0) + H(p_T)."""
    return math.log(math.sqrt(kernel.scale**2 + kernel.noise**2))


def _kl_difference(kernel) -> float:
    """D from two KL divergences of Gaussians in closed form."""

    def kl(variance_p, mean_q, variance_q):
        parts = np.zeros(1), np.array([[variance_p]]), np.array([mean_q]), np.array([[1 / variance_q]])
        return gaussian_kl(*parts)

    a, s = kernel
    return kl(1.0, MEAN, VARIANCE) - kl(a**2 + s**2, a * MEAN, a**2 * VARIANCE + s**2)


def _by_scipy(kernel) -> float:
    """L: its two expectations and the inner integral by adaptive quadrature."""
    a, s = kernel

    def e(x):
        return (x - MEAN) ** 2 / (2 * VARIANCE)

    def inner(y):
        def integrand(xi):
            return stats.norm.pdf(xi) * math.exp(-e((y + s * xi) / a))

        # The integrand is a Gaussian; tell the rule where it is.
        width = 1 / math.sqrt(1 + (s / a) ** 2 / VARIANCE)
        top = -(y / a - MEAN) * (s / a) / VARIANCE * width**2
        return integrate.quad(integrand, top - 12 * width, top + 12 * width, epsabs=0, epsrel=1e-12)[0]

    sd = math.hypot(a, s)
    positive = integrate.quad(lambda x: stats.norm.pdf(x) * e(x), -12, 12, epsabs=1e-13)[0]
    negative = integrate.quad(lambda y: stats.norm.pdf(y, scale=sd) * math.log(inner(y)), -9 * sd, 9 * sd,
                              epsabs=1e-11)[0]  # fmt: skip
    return positive + negative - math.log(a)


@pytest.mark.parametrize(("diffusion", "level", "expected"), [VE, VP])
def test_the_stated_integrals_are_the_divergence(diffusion, level, expected):
    (kernel,) = kernels(_config(diffusion, [0.0, level]))
    assert _kl_difference(kernel) == pytest.approx(expected, abs=1e-10)
    assert _by_scipy(kernel) + _entropies(kernel) == pytest.approx(expected, abs=1e-9)


class _Weighted(nn.Module):
    """Inner samples that count with weights: E(x'_j) - log(M w_j) makes 1/M sum_j a quadrature."""

    def __init__(self, energy: nn.Module, batch: int, weights: torch.Tensor):
        super().__init__()
        self.energy, self.batch, self.surplus = energy, batch, (len(weights) * weights).log()

    def forward(self, x):
        surplus = self.surplus.repeat_interleave(self.batch)
        return self.energy(x) - torch.cat([surplus.new_zeros(self.batch), surplus])


@pytest.mark.parametrize(("diffusion", "level", "expected"), [VE, VP])
def test_the_loss_at_quadrature_nodes_is_the_divergence(diffusion, level, expected):
    """x, xi and xi' at Gauss-Hermite nodes, through the loss that is trained with."""
    (kernel,) = kernels(_config(diffusion, [0.0, level]))
    nodes, weights = (torch.from_numpy(part) for part in np.polynomial.hermite_e.hermegauss(100))
    weights = weights / weights.sum()
    x, xi = (part.reshape(-1, 1) for part in torch.meshgrid(nodes, nodes, indexing="ij"))
    inner = kernel.invert(kernel.diffuse(x, xi), nodes.view(-1, 1, 1))
    energy = _Weighted(_model().requires_grad_(False), len(x), weights)
    terms, energies = diffusion_contrastive_divergence(energy, x, inner)
    pairs = torch.outer(weights, weights).flatten()
    found = float(pairs @ terms) - math.log(kernel.scale) + _entropies(kernel)
    assert found == pytest.approx(expected, abs=1e-6)
    assert float(pairs @ energies) == pytest.approx((1 + MEAN**2) / (2 * VARIANCE), abs=1e-10)


@pytest.mark.parametrize(("diffusion", "level", "expected"), [VE, VP])
def test_monte_carlo_is_within_its_error(diffusion, level, expected):
    """The objective as it is trained; M = 4000 leaves a bias below the error of the mean of 12 seeds."""
    config = _config(diffusion, [0.0, level], inner_samples=4000)
    (kernel,) = kernels(config)
    objective, found = dcd.DiffusionContrastiveDivergence(config), []
    # Data at equally likely quantiles: what is left is the diffusion's randomness.
    data = torch.from_numpy(stats.norm.ppf((np.arange(500) + 0.5) / 500))[:, None]
    for seed in range(12):
        terms = objective(_model().requires_grad_(False), data, _sampler(seed))
        found.append(float(terms.losses["dcd"]) + _entropies(kernel))
        assert float(terms.logged["loss_dcd"]) == float(terms.losses["dcd"])
        assert float(terms.logged["energy_positive"]) == pytest.approx(
            float(((data - MEAN) ** 2).mean() / (2 * VARIANCE)), abs=1e-12
        )
    error = np.std(found, ddof=1) / math.sqrt(len(found))
    assert error < 0.02
    assert abs(np.mean(found) - expected) < 4 * error


def test_the_bias_of_few_inner_samples_is_as_stated():
    """Low by Var / 2M of the summands over their squared mean, to leading order in 1/M."""
    config = _config(levels=[0.0, 0.2])
    (kernel,) = kernels(config)
    lam = kernel.noise**2 / VARIANCE

    def log_moment(power, y):
        """log E_xi[ exp(-power E(y + s xi)) ]."""
        shrunk = 1 + power * lam
        return -0.5 * math.log(shrunk) - power * (y - MEAN) ** 2 / (2 * VARIANCE * shrunk)

    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    y, weights = math.hypot(*kernel) * nodes, weights / weights.sum()
    predicted = float(weights @ np.expm1(log_moment(2, y) - 2 * log_moment(1, y))) / 2
    for count in (32, 128):
        generator = torch.Generator().manual_seed(count)
        gaps = []
        for _ in range(10):
            # Given y, against the exact inner integral: the error of the mean over x and y leaves.
            y_drawn = math.hypot(*kernel) * torch.randn(10000, 1, generator=generator, dtype=torch.float64)
            xi = torch.randn(count, 10000, 1, generator=generator, dtype=torch.float64)
            terms, energies = diffusion_contrastive_divergence(
                _model().requires_grad_(False), y_drawn, kernel.invert(y_drawn, xi)
            )
            gaps.append(float((terms - energies - log_moment(1, y_drawn[:, 0])).mean()))
        error = np.std(gaps, ddof=1) / math.sqrt(len(gaps))
        # The terms of order 1/M^2, by their size at the smaller M.
        assert abs(np.mean(gaps) + predicted / count) < 4 * error + 8 * predicted / count**2
        assert np.mean(gaps) < -8 * error


def test_one_inner_sample_without_stabiliser_is_the_naive_difference():
    """log of a single exponential: E[E(x)] - E[E(x')], with no minimum."""
    x, inner = torch.randn(50, 1, dtype=torch.float64), torch.randn(1, 50, 1, dtype=torch.float64)
    energy = _model()
    terms, energies = diffusion_contrastive_divergence(energy, x, inner)
    torch.testing.assert_close(terms, energy(x) - energy(inner[0]))
    torch.testing.assert_close(energies, energy(x))


@pytest.mark.parametrize("stabiliser", [0.0, 0.5, 1.0, 3.0])
def test_every_point_has_its_own_inner_samples(stabiliser):
    """The formula row by row in numpy, under conditions that belong to rows."""
    energy = MLPEnergy(2, [8, 8], times=3).double()
    with torch.no_grad():
        for parameter in energy.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, dtype=torch.float64))
    x, inner = torch.randn(6, 2, dtype=torch.float64), torch.randn(5, 6, 2, dtype=torch.float64)
    conditions = torch.eye(3, dtype=torch.float64)[[0, 2, 1, 1, 0, 2]]
    terms, _ = diffusion_contrastive_divergence(Given(energy, conditions), x, inner, stabiliser)
    for i in range(6):
        given = Given(energy, conditions[i : i + 1])
        at_x, at_inner = (given(points).detach().numpy() for points in (x[i : i + 1], inner[:, i]))
        expected = math.log(stabiliser / 5 + np.exp(at_x - at_inner).mean())
        assert float(terms[i].detach()) == pytest.approx(expected, abs=1e-12)


def test_data_and_inner_samples_share_one_forward_and_no_input_is_differentiated():
    calls = []

    class Spy(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(3))

        def forward(self, x):
            calls.append((len(x), x.requires_grad))
            return x @ self.weight

    dcd.DiffusionContrastiveDivergence(_config(inner_samples=7))(Spy(), torch.randn(10, 3), _sampler(0))
    assert calls == [(80, False)]


def test_huge_energies_do_not_overflow():
    x, inner = torch.full((2, 1), 1e4), torch.tensor([[[0.0], [0.0]], [[1e4], [2e4]]])
    terms, _ = diffusion_contrastive_divergence(lambda x: x[:, 0], x, inner, 1.0)
    torch.testing.assert_close(terms, torch.tensor([1e4, 1e4]) - math.log(2))


def test_a_small_image_has_all_its_pixels_in_the_constant():
    """A flat energy has L = -d log a, and H(p_T) - H(p_0) that of the kernel on a wide law."""
    config = _config("vp", [0.0, 0.3], inner_samples=2)
    flat = nn.Linear(48, 1)
    nn.init.zeros_(flat.weight)
    energy = nn.Sequential(nn.Flatten(), flat, nn.Flatten(0))
    loss = dcd.DiffusionContrastiveDivergence(config)(energy, torch.rand(5, 3, 4, 4), _sampler(0)).losses
    assert float(loss["dcd"].detach()) == pytest.approx(48 * 0.3, rel=1e-6)


@pytest.mark.parametrize("diffusion", ["ve", "vp"])
def test_kernels_make_what_the_stochastic_differential_equation_makes(diffusion):
    """Chapman-Kolmogorov through intermediate levels, and the closed form of the marginals."""
    levels = [0.2, 0.5, 0.9, 2.0]
    config = _config(diffusion, levels)
    chained = list(kernels(config))
    for (start, first), (following, second) in itertools.pairwise(
        zip(marginals(config), chained, strict=True)
    ):
        scale, variance = first.scale * start.scale, first.scale**2 * start.noise**2 + first.noise**2
        assert following == pytest.approx((scale, math.sqrt(variance)), abs=1e-12)
        assert second.noise > 0
    step = {"ve": variance_exploding, "vp": variance_preserving}[diffusion]
    whole, product = step(levels[0], levels[-1]), math.prod(kernel.scale for kernel in chained)
    assert whole.scale == pytest.approx(product, abs=1e-12)
    if diffusion == "ve":
        assert [start.noise for start in marginals(config)] == pytest.approx(levels[:-1])
    else:  # dX = -X dt + sqrt(2) dW keeps N(0, 1), and short times add 2 dt of variance.
        assert all(a**2 + s**2 == pytest.approx(1, abs=1e-12) for a, s in chained)
        assert variance_preserving(1.0, 1.0 + 1e-7).noise ** 2 / 1e-7 == pytest.approx(2, rel=1e-6)
    assert marginals(_config(diffusion, [0.0, 1.0])) == [(1.0, 0.0)]


@pytest.mark.parametrize("diffusion", ["ve", "vp"])
def test_geometric_levels_are_numpys_and_make_the_same_kernels(diffusion):
    settings = {"kind": "dcd", "diffusion": diffusion, "inner_samples": 1, "stabiliser": 1.0}
    config = Config(levels={"from": 0.05, "to": 0.9, "count": 40}, **settings)
    levels = np.geomspace(0.05, 0.9, 40).tolist()
    assert config.ladder == pytest.approx(levels, rel=1e-12) and config.ladder[-1] == 0.9
    assert config.times == 39
    assert Config.model_validate(config.model_dump()) == config
    same = Config(levels=config.ladder, **settings)
    assert kernels(config) == kernels(same) and marginals(config) == marginals(same)


@pytest.mark.parametrize("levels", [(0.4, 0.4), (0.5, 0.4), (-0.1, 0.4), (0.0, math.nan)])
def test_a_diffusion_that_goes_nowhere_is_refused(levels):
    with pytest.raises(ValueError, match="horizon of a VP diffusion must be above 0"):
        variance_preserving(*levels)
    with pytest.raises(ValueError, match="noise of a VE diffusion must grow"):
        variance_exploding(*levels)
