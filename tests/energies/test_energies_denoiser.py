"""The denoiser's energy: EDM's formulas, what it is untrained, derivatives, and the noise it is told."""

import numpy as np
import pytest
import torch
from scipy import stats
from torch.nn import functional as F

from ebmrepro.energies import build_energy
from ebmrepro.energies.conditional import Given
from ebmrepro.params.energies.denoiser import DenoiserEnergy

MEAN, SPREAD = 0.3, 0.4
# x = a x_0 + b xi at each of three times.
MARGINALS = [(1.0, 0.05), (0.9, 0.3), (0.5, 1.7)]


def _energy(channels: int = 2, shaken: bool = True, **changes):
    settings = {
        "width": 3,
        "dilations": [1, 2],
        "data_mean": MEAN,
        "data_spread": SPREAD,
        "condition": "time",
    }
    config = DenoiserEnergy(kind="denoiser", **settings | changes)
    torch.manual_seed(0)
    energy = build_energy(config, (channels, 5, 6), len(MARGINALS)).double()
    energy.set_noise(MARGINALS)
    if shaken:
        with torch.no_grad():
            for parameter in energy.parameters():
                parameter.add_(0.3 * torch.randn(parameter.shape, dtype=torch.float64))
    return energy


def _images(count: int = 6, channels: int = 2) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(count, channels, 5, 6, generator=generator, dtype=torch.float64)


def _at(time: int, count: int) -> torch.Tensor:
    return torch.eye(3, dtype=torch.float64)[[time] * count]


@pytest.mark.parametrize("time", range(3))
def test_untrained_it_is_the_density_of_independent_pixels_with_noise(time):
    """Of x = a x_0 + b xi with x_0 ~ N(m, s^2) pixel by pixel, by scipy, up to a constant; and Tweedie's step
    is the mean of x_0 given x, by Bayes."""
    energy, x = _energy(shaken=False), _images().requires_grad_()
    a, b = MARGINALS[time]
    energies = energy(x, _at(time, 6))
    law = stats.norm(a * MEAN, np.hypot(a * SPREAD, b))
    expected = -law.logpdf(x.detach().numpy()).sum((1, 2, 3))
    found = energies.detach().numpy()
    np.testing.assert_allclose(found - found[0], expected - expected[0], rtol=1e-9)
    (slope,) = torch.autograd.grad(energies.sum(), x)
    clean = (x / b**2 * a + MEAN / SPREAD**2) / (a**2 / b**2 + 1 / SPREAD**2)
    torch.testing.assert_close((x - b**2 * slope) / a, clean)


@pytest.mark.parametrize("time", range(3))
def test_the_denoiser_is_edms(time):
    """c_out and c_in as in table 1 of Karras et al. (2022), c_skip as stated, the network written out."""
    energy, x = _energy(), _images()
    weights = energy.state_dict()
    a, b = MARGINALS[time]
    sigma = b / a
    c_skip = 1 - sigma / np.sqrt(sigma**2 + SPREAD**2)
    c_out = sigma * SPREAD / np.sqrt(SPREAD**2 + sigma**2)
    c_in = 1 / np.sqrt(sigma**2 + SPREAD**2)

    def convolved(h, name, dilation=1):
        padded = F.pad(h, [dilation] * 4)
        return F.conv2d(padded, weights[f"{name}.weight"], weights[f"{name}.bias"], dilation=dilation)

    def swish(h):
        return h / (1 + torch.exp(-h))

    h = convolved(c_in * (x / a - MEAN), "stem") + weights["places"]
    for number, dilation in enumerate((1, 2)):
        gain, bias = (weights[f"modulations.{number}.{part}"][time] for part in ("gain", "bias"))
        inner = convolved(swish(h), f"convolutions.{number}", dilation)
        h = h + swish((1 + gain[:, None, None]) * inner + bias[:, None, None])
    gain, bias = (weights[f"modulations.2.{part}"][time] for part in ("gain", "bias"))
    h = (1 + gain[:, None, None]) * h + bias[:, None, None]
    clean = MEAN + c_skip * (x / a - MEAN) + c_out * convolved(swish(h), "output")
    torch.testing.assert_close(energy.denoise(x, _at(time, 6)), clean)
    expected = (x - a * clean).square().sum((1, 2, 3)) / (2 * b**2)
    torch.testing.assert_close(energy(x, _at(time, 6)), expected)


def test_each_row_has_its_own_time():
    energy, x = _energy(), _images()
    mixed = energy(x, torch.eye(3, dtype=torch.float64)[[0, 1, 2, 2, 1, 0]])
    for row, time in enumerate((0, 1, 2, 2, 1, 0)):
        torch.testing.assert_close(mixed[row], energy(x, _at(time, 6))[row])


def test_modulations_are_linear_between_the_times_at_which_they_are_learnt():
    """By numpy's interpolation: with one output feature and nothing else, D is their value."""
    config = DenoiserEnergy(
        kind="denoiser", width=1, dilations=[1], data_mean=0.0, data_spread=1.0, condition="time"
    )
    times = 25
    energy = build_energy(config, (1, 4, 4), times).double().requires_grad_(False)
    values = np.random.default_rng(0).uniform(1, 2, 10)
    for parameter in energy.parameters():
        parameter.zero_()
    energy.modulations[-1].bias[:, 0] = torch.from_numpy(values)
    energy.output.weight[0, 0, 1, 1] = 1.0
    # At x = 0 and with all noise 1, D is c_out times the swish of the bias.
    found = energy.denoise(torch.zeros(times, 1, 4, 4).double(), torch.eye(times).double())[:, 0, 0, 0]
    bias = np.interp(np.linspace(0, 9, times), range(10), values)
    np.testing.assert_allclose(found.numpy(), bias / (1 + np.exp(-bias)) / np.sqrt(2), rtol=1e-6)


def test_its_derivatives_are_those_of_finite_differences():
    """In x, and of that gradient again in the parameters."""
    energy, x = _energy(channels=1), _images(2, 1).requires_grad_()
    given = Given(energy, torch.eye(3, dtype=torch.float64)[:2])
    assert torch.autograd.gradcheck(given, x)
    weight = energy.convolutions[1].weight

    def slope(weight):
        parameters = dict(given.named_parameters()) | {"energy.convolutions.1.weight": weight}
        energies = torch.func.functional_call(given, parameters, (x,))
        return torch.autograd.grad(energies.sum(), x, create_graph=True)[0]

    assert torch.autograd.gradcheck(slope, weight)


def test_a_pixel_sees_as_far_as_the_dilations_say():
    energy = _energy(channels=1, dilations=[1])
    x = torch.zeros(1, 1, 5, 6, dtype=torch.float64, requires_grad=True)
    (seen,) = torch.autograd.grad(energy.denoise(x, _at(1, 1))[0, 0, 0, 0], x)
    reached = seen[0, 0].abs() > 0
    assert reached[:4, :4].all() and reached.sum() == 16


def test_the_noise_belongs_to_its_state_and_must_suit():
    energy, x = _energy(), _images()
    other = build_energy(
        DenoiserEnergy(
            kind="denoiser", width=3, dilations=[1, 2], data_mean=MEAN, data_spread=SPREAD, condition="time"
        ),
        (2, 5, 6),
        3,
    ).double()
    other.load_state_dict(energy.state_dict())
    assert torch.equal(other(x, _at(2, 6)), energy(x, _at(2, 6)))
    assert not {"scales", "noises"} & dict(energy.named_parameters()).keys()
    for wrong in (MARGINALS[:2], [(1.0, 0.0), *MARGINALS[1:]]):
        with pytest.raises(ValueError, match="3 times"):
            energy.set_noise(wrong)
    with pytest.raises(ValueError, match="condition of shape"):
        energy(x)
