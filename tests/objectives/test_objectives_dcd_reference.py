"""DCD with inner samples that a Gaussian proposes: the same divergence, and a minimum at the data's law."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from objectives_dcd_case import dcd_config
from torch import nn

from ebmrepro.energies.tilted import TiltedGaussian
from ebmrepro.evaluation.measures.gaussian import gaussian_kl
from ebmrepro.objectives.dcd import DiffusionContrastiveDivergence, kernels, marginals
from ebmrepro.params.energies.tilted import TiltedGaussian as Config

# The data x_0 = MEAN + SPREAD xi, one pixel, and the Gaussian that the energy is relative to.
MEAN, SPREAD = 0.4, 0.8
REFERENCE_MEAN, REFERENCE_VARIANCE = -0.3, 1.5
LEVELS = {"ve": [0.3, 0.8, 1.5], "vp": [0.1, 0.4, 0.9]}


class Quadratic(nn.Module):
    """f = u_t x + v_t x^2 / 2 in the place of the network."""

    def __init__(self, slopes, curvatures):
        super().__init__()
        self.coefficients = nn.Parameter(torch.tensor([slopes, curvatures], dtype=torch.float64))

    def forward(self, x, condition):
        slope, curvature = self.coefficients @ condition.to(x).T
        x = x.flatten(1)[:, 0]
        return slope * x + curvature * x.square() / 2


def _model(config, mean=None, variance=None) -> TiltedGaussian:
    """The energy whose tilt makes it the law of a z + b xi, z ~ N(`mean`, `variance`), at every time; the
    reference itself without them."""
    starts = marginals(config)
    energy = TiltedGaussian(
        (1, 1, 1), Config(kind="tilted", widths=[1], units=1, condition="time"), 2
    ).double()
    energy.set_noise(starts)
    energy.mean.fill_(REFERENCE_MEAN)
    energy.variances.fill_(REFERENCE_VARIANCE)
    slopes, curvatures = [], []
    for a, b in starts:
        # The network sees z, x = centre + scale z.
        centre, spread = a * REFERENCE_MEAN, math.sqrt(a**2 * REFERENCE_VARIANCE + b**2)
        scale = spread**2 / (a * math.sqrt(REFERENCE_VARIANCE))
        there, wide = (a * mean, a**2 * variance + b**2) if mean is not None else (centre, spread**2)
        # (x - there)^2 / 2 wide - (x - centre)^2 / 2 spread^2 but for a constant.
        slopes.append(scale * (centre - there) / wide)
        curvatures.append(scale**2 * (1 / wide - 1 / spread**2))
    energy.network = Quadratic(slopes, curvatures)
    return energy


def _source(seed: int) -> SimpleNamespace:
    return SimpleNamespace(generator=torch.Generator().manual_seed(seed), buffer=None)


def _data(count: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1000 + seed)
    return MEAN + SPREAD * torch.randn(count, 1, 1, 1, generator=generator, dtype=torch.float64)


def _divergence(config, mean, variance) -> float:
    """The sum over times of KL(p_t | q_t) - KL(p_t+1 | q_t+1), in closed form."""

    def kl(p, q):
        return gaussian_kl(np.array([p[0]]), np.array([[p[1]]]), np.array([q[0]]), np.array([[1 / q[1]]]))

    total = 0.0
    for (a, b), (scale, noise) in zip(marginals(config), kernels(config), strict=True):
        p, q = ((a * m, a**2 * v + b**2) for m, v in ((MEAN, SPREAD**2), (mean, variance)))
        later = ((scale * m, scale**2 * v + noise**2) for m, v in (p, q))
        total += kl(p, q) - kl(*later)
    return total


@pytest.mark.parametrize("diffusion", ["ve", "vp"])
def test_between_two_energies_it_differs_as_the_divergence_does(diffusion):
    """By closed form; the loss is the divergence but for a constant."""
    config = dcd_config(
        diffusion=diffusion, levels=LEVELS[diffusion], inner_samples=1000, proposal="reference"
    )
    laws = [(2.0, 0.4), (REFERENCE_MEAN, REFERENCE_VARIANCE)]
    objective = DiffusionContrastiveDivergence(config)
    gaps = []
    for seed in range(16):
        first, second = (
            objective(_model(config, *law).requires_grad_(False), _data(1000, seed), _source(seed)).losses
            for law in laws
        )
        gaps.append(float(first["dcd"] - second["dcd"]))
    error = np.std(gaps, ddof=1) / math.sqrt(len(gaps))
    expected = _divergence(config, *laws[0]) - _divergence(config, *laws[1])
    assert error < 0.1 * abs(expected)
    assert np.mean(gaps) == pytest.approx(expected, abs=4 * error)


@pytest.mark.parametrize("diffusion", ["ve", "vp"])
def test_with_a_stabiliser_of_one_the_data_s_law_is_stationary_for_a_single_inner_sample(diffusion):
    """Its gradient there is 0 within the error of a mean, and far from 0 at the reference."""
    config = dcd_config(
        diffusion=diffusion, levels=LEVELS[diffusion], inner_samples=1, stabiliser=1.0, proposal="reference"
    )
    objective = DiffusionContrastiveDivergence(config)

    def scores(*law) -> np.ndarray:
        model, rows = _model(config, *law), []
        for seed in range(40):
            loss = objective(model, _data(2000, seed), _source(seed)).losses["dcd"]
            (gradient,) = torch.autograd.grad(loss, model.network.coefficients)
            rows.append(gradient.flatten().numpy())
        return np.mean(rows, 0) / (np.std(rows, 0, ddof=1) / math.sqrt(len(rows)))

    assert np.abs(scores(MEAN, SPREAD**2)).max() < 4
    assert np.abs(scores()).max() > 10


def test_the_energy_that_is_logged_is_the_whole_one():
    config = dcd_config(levels=LEVELS["ve"], inner_samples=2, proposal="reference")
    model, seen = _model(config, 1.0, 0.5), []
    whole = model.forward
    model.gaussian = lambda x, condition, own=model.gaussian: seen.append((x, condition)) or own(x, condition)
    logged = DiffusionContrastiveDivergence(config)(model, _data(50, 0), _source(0)).logged
    ((x, condition),) = seen
    assert float(logged["energy_positive"]) == pytest.approx(float(whole(x, condition).mean().detach()))
