"""Denoising by posterior mode held to the Wiener filter; PSNR and SSIM to their formulas."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch import nn

from ebmrepro.energies import build_energy
from ebmrepro.evaluation import denoising
from ebmrepro.evaluation.denoising import peak_signal_to_noise, structural_similarity
from ebmrepro.params.energies.conv import ConvEnergy
from ebmrepro.params.energies.gaussian import GaussianEnergy

SHAPE, SIGMA = (1, 4, 4), 0.05
CPU = torch.device("cpu")


class OnImages(nn.Module):
    """An energy of vectors over `temperature`, for images."""

    def __init__(self, energy: nn.Module, temperature: float = 1.0):
        super().__init__()
        self.energy, self.temperature = energy, temperature

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.energy(x.flatten(1)) / self.temperature


def _prior(scale: float = 0.05) -> tuple[nn.Module, np.ndarray, np.ndarray]:
    """A Gaussian energy of grey images in which pixels near each other agree, its mean and covariance."""
    place = np.stack(np.meshgrid(range(4), range(4)), -1).reshape(-1, 2)
    distance = np.linalg.norm(place[:, None] - place[None], axis=2)
    covariance = scale**2 * np.exp(-distance / 2)
    mean = 0.5 + 0.05 * np.sin(np.arange(16))
    energy = build_energy(GaussianEnergy(kind="gaussian"), (16,)).double()
    factor = torch.from_numpy(np.linalg.cholesky(np.linalg.inv(covariance)))
    with torch.no_grad():
        energy.mean.copy_(torch.from_numpy(mean))
        energy.log_diagonal.copy_(factor.diagonal().log())
        energy.lower.copy_(factor.tril(-1))
    return energy.requires_grad_(False), mean, covariance


def _pair(count: int, sigma: float = SIGMA, seed: int = 0, scale: float = 0.05) -> denoising.Pair:
    """Draws of the prior and noisy ones."""
    _, mean, covariance = _prior(scale)
    rng = np.random.default_rng(seed)
    clean = rng.multivariate_normal(mean, covariance, count).reshape(-1, *SHAPE)
    noisy = clean + sigma * rng.standard_normal(clean.shape)
    return denoising.Pair(torch.from_numpy(clean), torch.from_numpy(noisy))


def _wiener(noisy: torch.Tensor, mean: np.ndarray, covariance: np.ndarray, sigma: float) -> np.ndarray:
    """m + S (S + sigma^2 I)^-1 (y - m), the posterior mean and mode under the prior N(m, S)."""
    gain = covariance @ np.linalg.inv(covariance + sigma**2 * np.eye(16))
    y = noisy.numpy().reshape(-1, 16)
    return (mean + (y - mean) @ gain.T).reshape(noisy.shape)


@pytest.mark.parametrize("temperature", [1.0, 0.001, 30.0])
def test_the_mode_of_a_gaussian_is_the_wiener_filter(temperature):
    """E / T at b = T is E at b = 1. Nothing is clamped here: all lies well inside [0, 1].

    Steps are judged by f, whose last digits say no more about its minimum than half of their number.
    """
    energy, mean, covariance = _prior()
    pair = _pair(50)
    expected = _wiener(pair.noisy, mean, covariance, SIGMA)
    assert expected.min() > 0 and expected.max() < 1
    found = denoising.posterior_mode(OnImages(energy, temperature), pair.noisy, SIGMA, temperature, 150)
    assert np.abs(found.numpy() - expected).max() < 1e-7


def test_the_wiener_filter_is_its_formula_and_has_the_error_of_theory():
    """Images of a Gaussian, well inside [0, 1]: the formula on numpy's covariance of the same images, and
    tr(S - S (S + sigma^2 I)^-1 S) / d, the error that no other estimate can undercut, to sampling error."""
    _, mean, covariance = _prior()
    count, rng = denoising.WIENER_IMAGES, np.random.default_rng(3)
    train = rng.multivariate_normal(mean, covariance, count + 7).reshape(-1, *SHAPE)
    levels = (256 * train).astype(np.uint8)
    # What comes later is not looked at.
    levels[count:] = 255
    pair = _pair(4000)
    found = denoising.wiener_filter(levels)(pair.noisy, SIGMA)
    own = (levels[:count].reshape(-1, 16) + 0.5) / 256
    expected = _wiener(pair.noisy, own.mean(0), np.cov(own.T), SIGMA)
    assert expected.min() > 0 and expected.max() < 1
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-6)
    left = covariance - covariance @ np.linalg.solve(covariance + SIGMA**2 * np.eye(16), covariance)
    error = float((found - pair.clean).square().mean())
    assert error == pytest.approx(np.trace(left) / 16, rel=0.03)
    # Brighter than white it does not become.
    assert float(denoising.wiener_filter(levels)(pair.noisy + 2, SIGMA).max()) == 1.0


def test_fewer_images_than_pixels_leave_the_other_directions_at_their_mean():
    levels = np.stack([np.full(SHAPE, level, np.uint8) for level in (100, 140)])
    noisy = torch.rand(3, *SHAPE, generator=torch.Generator().manual_seed(0)).double()
    found = denoising.wiener_filter(levels)(noisy, 0.1).numpy()
    # S is v 1 1^T, v the variance of the grey value: of y its mean over pixels remains, shrunk.
    variance, mean = np.var([100 / 256, 140 / 256], ddof=1), 120.5 / 256
    expected = mean + 16 * variance / (16 * variance + 0.01) * (noisy.mean((1, 2, 3)).numpy() - mean)
    np.testing.assert_allclose(found, np.broadcast_to(expected[:, None, None, None], found.shape), atol=1e-6)


def test_the_mode_on_the_unit_box_is_clamped():
    """With independent pixels the best value of each is its Wiener estimate, brought into [0, 1]."""
    energy = build_energy(GaussianEnergy(kind="gaussian"), (16,)).double().requires_grad_(False)
    deviation = torch.linspace(0.1, 0.6, 16).double()
    with torch.no_grad():
        energy.mean.fill_(0.9)
        energy.log_diagonal.copy_(-deviation.log())
    noisy = 0.5 + torch.randn(40, *SHAPE, generator=torch.Generator().manual_seed(1)).double()
    sigma, expected = 0.3, noisy.reshape(-1, 16)
    gain = deviation**2 / (deviation**2 + sigma**2)
    expected = (0.9 + gain * (expected - 0.9)).clamp(0, 1).reshape(noisy.shape)
    assert 100 < ((expected == 0) | (expected == 1)).sum() < 540
    found = denoising.posterior_mode(OnImages(energy), noisy, sigma, 1.0, 100)
    assert (found - expected).abs().max() < 1e-7


def test_denoising_with_the_true_prior_gains_what_theory_says():
    """The mean squared error is tr(S - S (S + sigma^2 I)^-1 S) / d, against sigma^2 of the noisy images."""
    energy, _, covariance = _prior()
    pair = _pair(2000)
    gain = covariance @ np.linalg.inv(covariance + SIGMA**2 * np.eye(16))
    expected = np.trace(covariance - gain @ covariance) / 16
    modes = denoising.posterior_mode(OnImages(energy), pair.noisy, SIGMA, 1.0, 60)
    errors = (modes - pair.clean).square().mean((1, 2, 3)).numpy()
    assert abs(errors.mean() - expected) < 4.5 * errors.std() / np.sqrt(len(errors))
    assert expected < 0.5 * SIGMA**2
    assert peak_signal_to_noise(modes, pair.clean) > peak_signal_to_noise(pair.noisy, pair.clean) + 3


@pytest.mark.parametrize("batch", [7, 256])
def test_images_are_denoised_each_by_itself(batch, monkeypatch):
    monkeypatch.setattr(denoising, "BATCH", batch)
    energy = build_energy(ConvEnergy(kind="conv", width=4, condition=None), (1, 8, 8)).double()
    energy.requires_grad_(False)
    noisy = torch.rand(20, 1, 8, 8, generator=torch.Generator().manual_seed(3)).double()
    together = denoising.posterior_mode(energy, noisy, 0.3, 500.0, 30)
    for number in (0, 11):
        alone = denoising.posterior_mode(energy, noisy[number : number + 1], 0.3, 500.0, 30)
        assert (together[number] - alone[0]).abs().max() < 1e-12


def test_the_objective_never_rises_and_the_end_is_stationary():
    """Of an energy that is not convex, where steps of length 1 would not do."""
    energy = build_energy(ConvEnergy(kind="conv", width=4, condition=None), (1, 8, 8)).double()
    energy.requires_grad_(False)
    for parameter in energy.parameters():
        parameter.mul_(2)
    generator, sigma, b = torch.Generator().manual_seed(4), 0.3, 300.0
    noisy = torch.rand(10, 1, 8, 8, generator=generator).double()

    def objective(x):
        return sigma**2 * b * energy(x) + (x - noisy).square().sum((1, 2, 3)) / 2

    def full_step(x):
        x = x.detach().requires_grad_(True)
        (slope,) = torch.autograd.grad(objective(x).sum(), x)
        return (x - slope).clamp(0, 1).detach()

    steps = range(0, 20)
    values = [objective(denoising.posterior_mode(energy, noisy, sigma, b, number)) for number in steps]
    falls = torch.stack(values).diff(dim=0)
    assert (falls <= 0).all() and (falls.sum(0) < -0.5).all()
    plain, rises = noisy, False
    for _ in steps:
        before, plain = plain, full_step(plain)
        rises |= (objective(plain) > objective(before) + 0.01).any()
    assert rises

    # One of these images passes a saddle on its way.
    end = denoising.posterior_mode(energy, noisy, sigma, b, 1000)
    assert (full_step(end) - end).abs().max() < 1e-6


@pytest.mark.parametrize("temperature", [0.001, 1.0, 500.0])
def test_the_choice_of_strength_finds_the_true_temperature(temperature):
    """Of strengths a factor 2 apart the one that means b = T is best, whatever the scale T of the energy."""
    energy, _, _ = _prior()
    pair = _pair(300)
    energy = OnImages(energy, temperature)
    y = pair.noisy.clone().requires_grad_(True)
    (slopes,) = torch.autograd.grad(energy(y).sum(), y)
    true = temperature * SIGMA * slopes.square().mean().sqrt().item()
    strengths = [true * 2.0**power for power in range(-3, 4)]
    strength, b, end = denoising.choose_strength(energy, pair, SIGMA, strengths, 40)
    assert strength == true and end is None
    assert b == pytest.approx(temperature, rel=1e-9)
    # Candidates on one side of it: the nearest is taken, and it is said that it lies at an end.
    strength, _, end = denoising.choose_strength(energy, pair, SIGMA, strengths[:3], 40)
    assert (strength, end) == (strengths[2], "highest")
    strength, _, end = denoising.choose_strength(energy, pair, SIGMA, strengths[:3:-1], 40)
    assert (strength, end) == (strengths[4], "lowest")


def test_strength_is_the_first_pull_in_units_of_the_noise():
    """With b the first step from y, without data term or clamp, has root mean square strength * sigma."""
    energy, mean, covariance = _prior()
    pair = _pair(30)
    strength, b, _ = denoising.choose_strength(OnImages(energy), pair, SIGMA, [1.5], 3)
    pull = SIGMA**2 * b * (pair.noisy.numpy().reshape(-1, 16) - mean) @ np.linalg.inv(covariance)
    assert np.sqrt(np.square(pull).mean()) == pytest.approx(strength * SIGMA, rel=1e-12)


class Constant(nn.Module):
    """E(x) = `value`, with a gradient that is 0 or, like the value, no number."""

    def __init__(self, value: float):
        super().__init__()
        self.value = value

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 0 * x.sum((1, 2, 3)) + self.value * (1 if np.isfinite(self.value) else x.sum((1, 2, 3)))


@pytest.mark.parametrize("value", [2.0, float("nan"), float("inf")])
def test_an_energy_without_a_pull_has_no_strength_and_leaves_images_noisy(value):
    pair = _pair(5, sigma=0.6)
    assert denoising.choose_strength(Constant(value), pair, 0.6, [0.5, 1.0], 5) is None
    for b in (1.0, float("nan")):
        left = denoising.posterior_mode(Constant(value), pair.noisy, 0.6, b, 5)
        assert torch.equal(left, pair.noisy.clamp(0, 1)) and not torch.equal(left, pair.noisy)


def test_noise_is_normal_of_the_given_size_and_repeats():
    images = np.random.default_rng(0).integers(0, 256, (200, 3, 8, 8), dtype=np.uint8)
    pair = denoising.add_noise(images, 0.3, 5, CPU)
    assert np.array_equal(pair.clean.numpy(), (images.astype(np.float32) + 0.5) / 256)
    noise = ((pair.noisy - pair.clean) / 0.3).double().numpy().ravel()
    assert abs(noise.mean()) < 4.5 / np.sqrt(len(noise))
    assert abs(noise.var() - 1) < 4.5 * np.sqrt(2 / len(noise))
    assert pair.noisy.min() < 0 and pair.noisy.max() > 1
    assert torch.equal(denoising.add_noise(images, 0.3, 5, CPU).noisy, pair.noisy)
    assert not torch.equal(denoising.add_noise(images, 0.3, 6, CPU).noisy, pair.noisy)


def test_the_filter_is_scipys_for_each_channel_of_each_image():
    noisy = torch.randn(3, 2, 9, 7, generator=torch.Generator().manual_seed(6))
    found = denoising.filtered(noisy, 0.8)
    for image, one in zip(noisy, found, strict=True):
        for channel, result in zip(image, one, strict=True):
            expected = gaussian_filter(channel.numpy(), 0.8).clip(0, 1)
            assert result.numpy() == pytest.approx(expected, abs=1e-6)
    assert torch.equal(denoising.filtered(noisy, 0.0), noisy.clamp(0, 1))


def test_the_width_is_the_best_for_the_images():
    """A checkerboard under little noise: hardly any. Flat images: the widest. Else what filters best."""
    generator = torch.Generator().manual_seed(7)

    def noisy(clean, sigma):
        return denoising.Pair(clean, clean + sigma * torch.randn(clean.shape, generator=generator))

    shape = (20, 1, 16, 16)
    board = 0.2 + 0.6 * (torch.arange(16)[:, None] + torch.arange(16)).remainder(2).expand(shape)
    assert denoising.choose_width(noisy(board, 0.01)) <= 0.25
    flat = 0.3 + 0.4 * torch.rand(20, 1, 1, 1, generator=generator).expand(shape)
    assert denoising.choose_width(noisy(flat, 0.1)) == denoising.WIDTHS[-1]
    smooth = gaussian_filter(torch.rand(shape, generator=generator).numpy(), (0, 0, 1.5, 1.5))
    pair = noisy(torch.from_numpy((smooth - smooth.min()) / np.ptp(smooth)), 0.1)
    found = denoising.choose_width(pair)

    def error(width):
        filtered = [gaussian_filter(image[0], width) for image in pair.noisy.numpy()]
        errors = (np.clip(filtered, 0, 1) - pair.clean[:, 0].numpy()) ** 2
        return np.log(errors.mean((1, 2))).mean()

    assert 0.5 < found < 2
    assert error(found) < min(error(found - 0.1), error(found + 0.1))


@pytest.mark.parametrize("shape", [(5, 1, 8, 8), (3, 3, 16, 13)])
def test_psnr_and_ssim_are_their_formulas(shape):
    """SSIM window by window: Gaussian weights of 1.5 pixels, 7x7 on 8x8 images and 11x11 on larger ones."""
    rng = np.random.default_rng(8)
    clean = rng.random(shape)
    images = (0.7 * clean + 0.4 * rng.random(shape)).clip(0, 1)
    errors = ((images - clean) ** 2).mean((1, 2, 3))
    pair = torch.from_numpy(images), torch.from_numpy(clean)
    assert peak_signal_to_noise(*pair) == pytest.approx((-10 * np.log10(errors)).mean(), abs=1e-10)

    taps = 7 if shape[2] == 8 else 11
    line = np.exp(-((np.arange(taps) - taps // 2) ** 2) / (2 * 1.5**2))
    weights = np.outer(line, line) / line.sum() ** 2
    c1, c2 = 0.01**2, 0.03**2
    x, y = (np.lib.stride_tricks.sliding_window_view(part, (taps, taps), (2, 3)) for part in (images, clean))

    def mean(values):
        return (weights * values).sum((-2, -1))

    mx, my = mean(x), mean(y)
    vx, vy, cov = mean(x * x) - mx**2, mean(y * y) - my**2, mean(x * y) - mx * my
    expected = (2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))
    assert expected.shape[2:] == (shape[2] - taps + 1, shape[3] - taps + 1)
    assert structural_similarity(*pair) == pytest.approx(expected.mean(), abs=1e-10)
    assert structural_similarity(pair[1], pair[1]) == pytest.approx(1, abs=1e-12)
