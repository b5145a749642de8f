"""Energies: normalising constants, shapes, refusals."""

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from ebmrepro.energies import build_energy
from ebmrepro.params.energies.conv import ConvEnergy
from ebmrepro.params.energies.gaussian import GaussianEnergy
from ebmrepro.params.energies.mlp import MLPEnergy


def _gaussian(dim: int, seed: int):
    """A float64 Gaussian energy with random mean and precision."""
    energy = build_energy(GaussianEnergy(kind="gaussian"), (dim,)).double()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in energy.parameters():
            parameter.copy_(0.7 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return energy.requires_grad_(False)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_log_partition_in_one_dimension_against_quadrature(seed):
    energy = _gaussian(1, seed)
    z, _ = integrate.quad(lambda x: float(torch.exp(-energy(torch.tensor([[x]], dtype=torch.float64)))),
                          -40, 40, points=[float(energy.mean[0])], epsabs=1e-12, limit=400)  # fmt: skip
    assert float(energy.log_partition()) == pytest.approx(np.log(z), abs=1e-9)


@pytest.mark.parametrize("seed", [0, 1])
def test_log_partition_in_two_dimensions_against_quadrature(seed):
    energy = _gaussian(2, seed)
    # Simpson's rule on a fine grid over twelve standard deviations.
    sd = torch.linalg.inv(energy.precision()).diagonal().sqrt()
    axes = [
        np.linspace(float(m - 12 * s), float(m + 12 * s), 601) for m, s in zip(energy.mean, sd, strict=True)
    ]
    points = torch.from_numpy(np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 2))
    heights = torch.exp(-energy(points)).numpy().reshape(601, 601)
    z = integrate.simpson(integrate.simpson(heights, x=axes[1]), x=axes[0])
    assert float(energy.log_partition()) == pytest.approx(np.log(z), abs=1e-9)


@pytest.mark.parametrize("dim", [1, 2, 5])
def test_log_density_against_scipy(dim):
    energy = _gaussian(dim, 7)
    points = torch.randn(20, dim, dtype=torch.float64)
    law = stats.multivariate_normal(energy.mean.numpy(), np.linalg.inv(energy.precision().numpy()))
    ours = (-energy(points) - energy.log_partition()).numpy()
    assert ours == pytest.approx(np.atleast_1d(law.logpdf(points.numpy())), abs=1e-9)


def test_the_gaussian_starts_where_it_says():
    energy = build_energy(GaussianEnergy(kind="gaussian"), (3,))
    assert torch.equal(energy.mean, torch.ones(3))
    torch.testing.assert_close(energy.precision(), 2 * torch.eye(3))


def test_precision_is_positive_definite_for_any_parameters():
    for seed in range(20):
        assert torch.linalg.eigvalsh(_gaussian(4, seed).precision()).min() > 0


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 8, 8), (3, 17, 9), (1, 32, 32)])
def test_conv_energy_takes_any_size_from_eight(shape):
    energy = build_energy(ConvEnergy(kind="conv", width=4, condition=None), shape)
    x = torch.rand(5, *shape)
    assert energy(x).shape == (5,)
    # Rows do not see each other: the energy of a batch is that of its members.
    torch.testing.assert_close(energy(x)[2:3], energy(x[2:3]))


@pytest.mark.parametrize("widths", [[3], [16, 8, 4]])
def test_mlp_has_the_widths_it_was_asked_for(widths):
    energy = build_energy(MLPEnergy(kind="mlp", widths=widths, condition=None), (6,))
    layers = [tuple(p.shape) for p in energy.parameters() if p.dim() == 2]
    ins = [6, *widths]
    assert layers == [*zip(widths, ins[:-1], strict=True), (1, widths[-1])]
    x = torch.randn(4, 6)
    assert energy(x).shape == (4,)
    torch.testing.assert_close(energy(x)[1:2], energy(x[1:2]))


def test_an_mlp_by_hand():
    """One hidden layer, swish: E(x) = w2 . silu(W1 x + b1) + b2, in numpy."""
    energy = build_energy(MLPEnergy(kind="mlp", widths=[5], condition=None), (3,)).double()
    w1, b1, w2, b2 = (p.detach().numpy() for p in energy.parameters())
    x = np.random.default_rng(0).standard_normal((7, 3))
    hidden = x @ w1.T + b1
    expected = (hidden / (1 + np.exp(-hidden))) @ w2[0] + b2
    assert energy(torch.from_numpy(x)).detach().numpy() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("config", "shape"),
    [
        (MLPEnergy(kind="mlp", widths=[4], condition=None), (1, 8, 8)),
        (MLPEnergy(kind="mlp", widths=[4], condition=None), ()),
        (GaussianEnergy(kind="gaussian"), (2, 2)),
        (ConvEnergy(kind="conv", width=2, condition=None), (3,)),
        (ConvEnergy(kind="conv", width=2, condition=None), (8, 8)),
        (ConvEnergy(kind="conv", width=2, condition=None), (1, 7, 8)),
        (ConvEnergy(kind="conv", width=2, condition=None), (1, 8, 7)),
    ],
)
def test_shapes_that_do_not_suit_are_refused(config, shape):
    with pytest.raises(ValueError, match="shape"):
        build_energy(config, shape)


def test_samples_of_another_size_are_refused():
    for config in (MLPEnergy(kind="mlp", widths=[4], condition=None), GaussianEnergy(kind="gaussian")):
        with pytest.raises(RuntimeError):
            build_energy(config, (3,))(torch.zeros(2, 4))


def test_initial_weights_follow_the_seed():
    def weights(seed):
        torch.manual_seed(seed)
        return build_energy(ConvEnergy(kind="conv", width=3, condition=None), (1, 8, 8)).output.weight

    assert torch.equal(weights(1), weights(1)) and not torch.equal(weights(1), weights(2))
