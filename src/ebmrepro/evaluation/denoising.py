"""Noisy images restored by an energy: the posterior mode, its temperature chosen on training images.

A clean image x with density proportional to exp(-b E(x)), seen as y = x + sigma xi, xi ~ N(0, I), has the
posterior p(x | y) ~ exp(-b E(x) - |x - y|^2 / (2 sigma^2)). Its mode is the minimum over [0, 1]^d of

    f(x) = sigma^2 b E(x) + |x - y|^2 / 2.

b would be 1 for an energy whose exp(-E) / Z is the data's density. Image energies are none: their chains are
cold (noise far below sqrt(2 * step size)) and too short, so that penalties and chain lengths set the scale,
each method's its own. To compare methods and not these scales, b is chosen for each model and noise by the
PSNR on noisy training images. The candidates are strengths s, the root mean square over pixels of the first
pull sigma^2 b grad E(y) in units of sigma; denoising that removes the noise and nothing else has s near 1:

    b = s / (sigma rms(grad E(y))).
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from kornia.metrics import psnr, ssim
from scipy.ndimage import gaussian_filter
from sklearn.decomposition import PCA
from torch import Tensor, nn
from torch.nn.utils import parametrize

from ebmrepro.energies.gradient import energy_gradient
from ebmrepro.evaluation.units import as_unit

BATCH = 256
# After a step that lowers f as much as its gradient promises the next may be longer, after another it halves.
GROWTH = 1.2
# Standard deviations in pixels that the Gaussian filter is tuned over; 0 leaves the image as it is.
WIDTHS = np.arange(61) / 20
# Taps of the Gaussian window of Wang et al. (2004), of standard deviation 1.5 pixels; fewer on small images.
WINDOW = 11
# The most training images whose mean and covariance the Wiener filter has.
WIENER_IMAGES = 5000


class Pair(NamedTuple):
    """Clean images (n, C, H, W) in units of the grey scale, and noisy ones, which may leave 0..1."""

    clean: Tensor
    noisy: Tensor


def add_noise(images: np.ndarray, sigma: float, seed: int, device: torch.device) -> Pair:
    """uint8 images (n, C, H, W) in the energies' units, also with noise of standard deviation `sigma`."""
    clean = as_unit(images)
    # On the CPU: the same on every device.
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(seed))
    return Pair(clean.to(device), (clean + sigma * noise).to(device))


def posterior_mode(
    energy: nn.Module, noisy: Tensor, sigma: float, inverse_temperature: float, steps: int
) -> Tensor:
    """Images in [0, 1] after `steps` steps of projected gradient descent on f, from `noisy` (n, C, H, W).

        x <- clamp(x - eta (sigma^2 b grad E(x) + x - y), 0, 1),     b = `inverse_temperature`

    Each image has its own eta, 1 at first, the step that undoes all change if E is flat. A step is taken if
    f falls to the quadratic bound f(x) + <grad f, d> + |d|^2 / (2 eta), d the step (Beck and Teboulle, 2009);
    else eta halves. So f never rises, and a value that is not finite is never accepted.
    """
    weight = sigma**2 * inverse_temperature
    with parametrize.cached():
        return torch.cat([_descend(energy, part, weight, steps) for part in noisy.split(BATCH)])


def _descend(energy: nn.Module, y: Tensor, weight: float, steps: int) -> Tensor:
    x = y.clamp(0, 1)
    value, slope = _objective(energy, x, y, weight)
    eta = torch.ones_like(value)
    for _ in range(steps):
        moved = (x - eta * slope).clamp(0, 1)
        new_value, new_slope = _objective(energy, moved, y, weight)
        change = moved - x
        bound = value + (slope * change + change.square() / (2 * eta)).sum((1, 2, 3), keepdim=True)
        accepted = new_value <= bound
        x = torch.where(accepted, moved, x)
        slope = torch.where(accepted, new_slope, slope)
        value = torch.where(accepted, new_value, value)
        eta = torch.where(accepted, (GROWTH * eta).clamp(max=1.0), eta / 2)
    return x


def _objective(energy: nn.Module, x: Tensor, y: Tensor, weight: float) -> tuple[Tensor, Tensor]:
    """f (n, 1, 1, 1) and its gradient (n, C, H, W)."""
    energies, pull = energy_gradient(energy, x)
    away = x - y
    value = weight * energies.view(-1, 1, 1, 1) + 0.5 * away.square().sum((1, 2, 3), keepdim=True)
    return value, weight * pull + away


def choose_strength(
    energy: nn.Module, pair: Pair, sigma: float, strengths: list[float], steps: int
) -> tuple[float, float, str | None] | None:
    """The strength whose posterior modes of `pair.noisy` have the best mean PSNR, of equals the least; its b;
    "lowest" or "highest" if it lies at that end of the candidates, as one beyond might be better, else None.

    None instead of all three if the energy is flat or not finite at these images: nothing can be chosen.
    """
    pulls = [energy_gradient(energy, part)[1].double().square() for part in pair.noisy.split(BATCH)]
    length = math.sqrt(float(torch.cat(pulls).mean()))
    if not 0 < length < math.inf:
        return None
    unit = 1 / (sigma * length)
    candidates = sorted(strengths)

    def quality(strength: float) -> float:
        modes = posterior_mode(energy, pair.noisy, sigma, strength * unit, steps)
        return peak_signal_to_noise(modes, pair.clean)

    best = max(candidates, key=quality)
    return best, best * unit, {candidates[0]: "lowest", candidates[-1]: "highest"}.get(best)


def filtered(noisy: Tensor, width: float) -> Tensor:
    """A Gaussian filter of standard deviation `width` pixels on `noisy` (n, C, H, W), clamped to [0, 1]."""
    if width:
        smooth = gaussian_filter(noisy.cpu().numpy(), (0, 0, width, width))
        noisy = torch.from_numpy(smooth).to(noisy.device)
    return noisy.clamp(0, 1)


def choose_width(pair: Pair) -> float:
    """The width of WIDTHS at which `filtered` has the best mean PSNR on `pair`."""
    return float(max(WIDTHS, key=lambda width: peak_signal_to_noise(filtered(pair.noisy, width), pair.clean)))


def wiener_filter(train: np.ndarray) -> Callable[[Tensor, float], Tensor]:
    """The linear estimate of least mean squared error, from the first WIENER_IMAGES of `train` (n, C, H, W),
    uint8: with their mean m and covariance S

        x = m + S (S + sigma^2 I)^-1 (y - m),   brought into [0, 1].

    A function of noisy images y (n, C, H, W) and sigma > 0.
    """
    known = as_unit(np.array(train[:WIENER_IMAGES])).flatten(1).double()
    # In the principal directions, of which S has no more than there are images, it is diagonal.
    found = PCA(svd_solver="full").fit(known.numpy())
    mean, directions, variances = map(
        torch.from_numpy, (found.mean_, found.components_, found.explained_variance_)
    )

    def estimate(noisy: Tensor, sigma: float) -> Tensor:
        along = (noisy.flatten(1).double().cpu() - mean) @ directions.T
        clean = mean + (along * (variances / (variances + sigma**2))) @ directions
        return clean.view(noisy.shape).clamp(0, 1).to(noisy)

    return estimate


def peak_signal_to_noise(images: Tensor, clean: Tensor) -> float:
    """PSNR in dB, -10 log10 of an image's mean squared error, the mean over images; infinite if one is 0."""
    pairs = zip(images.double(), clean.double(), strict=True)
    return float(torch.stack([psnr(image, truth, max_val=1.0) for image, truth in pairs]).mean())


def structural_similarity(images: Tensor, clean: Tensor) -> float:
    """SSIM (Wang, Bovik, Sheikh and Simoncelli, 2004), at most 1, the mean over places, channels and images.

    Only places whose window, of WINDOW taps or as many as fit, lies inside the image count.
    """
    window = min(WINDOW, *clean.shape[2:])
    window -= 1 - window % 2
    found = ssim(images.double(), clean.double(), window, max_val=1.0, eps=0.0, padding="valid")
    return float(found.mean())
