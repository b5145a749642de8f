"""The tilted Gaussian: its Gaussian by scipy and by conditioning in numpy, its network by its formula."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy import stats
from torch.nn import functional as F

from ebmrepro.data.host_batches import HostData
from ebmrepro.data.moments import principal_axes
from ebmrepro.energies import build_energy
from ebmrepro.energies.conditional import Given
from ebmrepro.params.energies.tilted import TiltedGaussian

# x = a x_0 + b xi at each of three times.
MARGINALS = [(1.0, 0.05), (0.9, 0.3), (0.5, 1.7)]
SHAPE = (2, 3, 2)
VALUES = 12


def _data(count: int = 200) -> torch.Tensor:
    """Correlated images, some of whose directions do not vary at all."""
    generator = torch.Generator().manual_seed(3)
    mixing = torch.randn(VALUES, 5, generator=generator, dtype=torch.float64)
    flat = 0.4 + torch.randn(count, 5, generator=generator, dtype=torch.float64) @ mixing.T
    return flat.view(count, *SHAPE)


def _energy(shape=SHAPE, shaken: bool = True, times=MARGINALS, **changes):
    config = TiltedGaussian(**{"kind": "tilted", "widths": [3, 4], "units": 5, "condition": "time"} | changes)
    torch.manual_seed(0)
    energy = build_energy(config, shape, len(times)).double()
    energy.set_noise(times)
    if shape == SHAPE:
        energy.check_data(_data())
    if shaken:
        with torch.no_grad():
            for parameter in energy.parameters():
                parameter.add_(0.3 * torch.randn(parameter.shape, dtype=torch.float64))
    return energy.requires_grad_(False)


def _images(*count: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(*count, *SHAPE, generator=generator, dtype=torch.float64)


def _at(time: int, count: int = 1) -> torch.Tensor:
    return torch.eye(3, dtype=torch.float64)[[time] * count]


def _noisy_law(time: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of a x_0 + b xi, by numpy."""
    a, b = MARGINALS[time]
    flat = _data().flatten(1).numpy()
    return a * flat.mean(0), a**2 * np.cov(flat.T, bias=True) + b**2 * np.eye(VALUES)


@pytest.mark.parametrize("time", range(3))
def test_untrained_it_is_the_gaussian_with_the_moments_of_the_noisy_data(time):
    """By scipy, up to a constant."""
    energy, x = _energy(shaken=False), _images(6)
    found = energy(x, _at(time, 6)).numpy()
    expected = -stats.multivariate_normal(*_noisy_law(time)).logpdf(x.flatten(1).numpy())
    np.testing.assert_allclose(found - found[0], expected - expected[0], rtol=1e-8)


@pytest.mark.parametrize("time", range(3))
def test_samples_of_the_gaussian_have_its_moments(time):
    """Exactly: samples are linear in xi, and the map at no and at each unit vector gives mean and root."""
    energy, (mean, covariance) = _energy(), _noisy_law(time)
    units = torch.eye(VALUES, dtype=torch.float64).view(-1, *SHAPE)
    centre = energy.sample(_at(time), torch.zeros(1, *SHAPE, dtype=torch.float64)).flatten()
    root = (energy.sample(_at(time), units).flatten(1) - centre).T.numpy()
    np.testing.assert_allclose(centre.numpy(), mean, atol=1e-12)
    np.testing.assert_allclose(root @ root.T, covariance, atol=1e-10)
    # A root that does not depend on the signs and the order of eigenvectors, which no library promises.
    np.testing.assert_allclose(root, root.T, atol=1e-10)


@pytest.mark.parametrize("time", range(3))
@pytest.mark.parametrize("kernel", [(1.0, 0.4), (0.6, 0.9)], ids=["ve", "vp"])
def test_the_posterior_is_that_of_jointly_gaussian_x_and_y(time, kernel):
    """Conditioning by the Schur complement in numpy, for the y of each row."""
    energy, (mean, covariance), y = _energy(), _noisy_law(time), _images(3)
    alpha, s = kernel
    of_y = alpha**2 * covariance + s**2 * np.eye(VALUES)
    gain = alpha * covariance @ np.linalg.inv(of_y)
    means = mean + (y.flatten(1).numpy() - alpha * mean) @ gain.T
    given = covariance - alpha * gain @ covariance
    columns = tuple(torch.full((3, 1, 1, 1), value, dtype=torch.float64) for value in kernel)
    units = torch.eye(VALUES, dtype=torch.float64).view(VALUES, 1, *SHAPE).expand(-1, 3, *SHAPE)
    centres = energy.posterior(y, _at(time, 3), columns, torch.zeros_like(units[:1]))
    assert centres.shape == (1, 3, *SHAPE)
    np.testing.assert_allclose(centres[0].flatten(1).numpy(), means, atol=1e-8)
    roots = (energy.posterior(y, _at(time, 3), columns, units) - centres).flatten(2)
    for row in range(3):
        root = roots[:, row].T.numpy()
        np.testing.assert_allclose(root @ root.T, given, atol=1e-8)


@pytest.mark.parametrize("time", range(3))
def test_the_network_is_the_stated_one(time):
    """Layer by layer, at a time at which its modulations are learnt."""
    energy, x = _energy(), _images(4)
    weights, (a, b) = dict(energy.network.named_parameters()), MARGINALS[time]
    flat = _data().flatten(1)
    covariance = torch.cov(flat.T, correction=0)
    noisy = a**2 * covariance + b**2 * torch.eye(VALUES, dtype=torch.float64)
    gain = a * torch.linalg.solve(noisy, covariance, left=False)

    def layer(h, number, modulation):
        gain, bias = (weights[f"modulations.{modulation}.{part}"][time] for part in ("gain", "bias"))
        weight, shift = weights[f"layers.{number}.weight"], weights[f"layers.{number}.bias"]
        if weight.dim() == 4:
            h = F.conv2d(F.pad(h, [1] * 4), weight, shift, stride=1 + modulation)
            gain, bias = gain[:, None, None], bias[:, None, None]
        else:
            h = h @ weight.T + shift
        h = (1 + gain) * h + bias
        return h / (1 + torch.exp(-h))

    estimate = (x.flatten(1) - a * flat.mean(0)) @ gain.T
    h = (estimate / flat.var(0, correction=0).mean().sqrt()).view(4, *SHAPE)
    h = layer(layer(h, 0, 0), 2, 1)
    assert h.shape == (4, 4, 2, 1)
    expected = layer(h.flatten(1), 5, 2) @ weights["layers.7.weight"].T + weights["layers.7.bias"]
    torch.testing.assert_close(energy.tilt(x, _at(time, 4)), expected[:, 0])
    both = energy.gaussian(x, _at(time, 4)) + expected[:, 0]
    torch.testing.assert_close(energy(x, _at(time, 4)), both)


def test_modulations_are_linear_between_the_times_at_which_they_are_learnt():
    """By numpy's interpolation: with the output of one unit and nothing else, f is its swish."""
    times = [(1.0, 0.1 * time) for time in range(1, 26)]
    energy = _energy((1, 4, 4), times=times, widths=[1], units=1)
    values = np.random.default_rng(0).uniform(1, 2, 10)
    for parameter in energy.parameters():
        parameter.zero_()
    energy.network.modulations[-1].bias[:, 0] = torch.from_numpy(values)
    energy.network.layers[-1].weight.fill_(1.0)
    found = energy.tilt(torch.zeros(25, 1, 4, 4).double(), torch.eye(25).double())
    bias = np.interp(np.linspace(0, 9, 25), range(10), values)
    np.testing.assert_allclose(found.numpy(), bias / (1 + np.exp(-bias)), rtol=1e-6)


def test_each_row_has_its_own_time():
    energy, x = _energy(), _images(6)
    mixed = energy(x, torch.eye(3, dtype=torch.float64)[[0, 1, 2, 2, 1, 0]])
    for row, time in enumerate((0, 1, 2, 2, 1, 0)):
        torch.testing.assert_close(mixed[row], energy(x, _at(time, 6))[row])


def test_its_derivatives_are_those_of_finite_differences():
    """In x, and of that gradient again in the parameters."""
    energy, x = _energy().requires_grad_(), _images(2).requires_grad_()
    given = Given(energy, torch.eye(3, dtype=torch.float64)[:2])
    assert torch.autograd.gradcheck(given, x)
    name = "energy.network.layers.2.weight"

    def slope(weight):
        parameters = dict(given.named_parameters()) | {name: weight}
        energies = torch.func.functional_call(given, parameters, (x,))
        return torch.autograd.grad(energies.sum(), x, create_graph=True)[0]

    assert torch.autograd.gradcheck(slope, dict(given.named_parameters())[name])


def test_noise_and_moments_belong_to_its_state_and_must_suit():
    energy, x = _energy(), _images(2)
    config = TiltedGaussian(kind="tilted", widths=[3, 4], units=5, condition="time")
    other = build_energy(config, SHAPE, 3).double()
    other.load_state_dict(energy.state_dict())
    assert torch.equal(other(x, _at(2, 2)), energy(x, _at(2, 2)))
    for wrong in (MARGINALS[:2], [(1.0, 0.0), *MARGINALS[1:]]):
        with pytest.raises(ValueError, match="3 times"):
            energy.set_noise(wrong)
    with pytest.raises(ValueError, match="condition of shape"):
        energy(x)


@pytest.mark.parametrize("levels", [False, True], ids=["real", "levels"])
@pytest.mark.parametrize("held", ["device", "host"])
def test_moments_are_numpys_block_by_block(levels, held, monkeypatch):
    """Of levels those of v/256 + U(0, 1/256), on the device or in a file on the host."""
    monkeypatch.setattr("ebmrepro.data.moments.BLOCK", 7)
    rows = np.random.default_rng(0).normal(100, 20, (50, 1, 2, 3)) + np.arange(6).reshape(1, 2, 3)
    rows = rows.astype(np.uint8) if levels else rows
    data = torch.from_numpy(rows) if held == "device" else HostData(rows, torch.device("cpu"))
    mean, variances, directions = principal_axes(data)
    flat = rows.reshape(50, 6).astype(float)
    covariance = np.cov(flat.T, bias=True)
    if levels:
        flat, covariance = (flat + 0.5) / 256, (covariance + np.eye(6) / 12) / 256**2
    np.testing.assert_allclose(mean.numpy(), flat.mean(0), rtol=1e-12)
    np.testing.assert_allclose((directions * variances @ directions.T).numpy(), covariance, rtol=1e-9)
    assert float(variances.min()) >= 0


@pytest.mark.parametrize(("shape", "refused"), [((1, 64, 64), False), ((3, 64, 64), True)])
def test_images_whose_covariance_is_too_large_are_refused(shape, refused):
    config = TiltedGaussian(kind="tilted", widths=[3], units=5, condition="time")
    images = SimpleNamespace(form="images", kind="digits", sample_shape=shape, attributes={})
    sentence = (
        "a tilted energy has the covariance of the data, which is too large for 12288 values: at most 4096"
    )
    assert list(config.problems(images)) == ([sentence] if refused else [])
