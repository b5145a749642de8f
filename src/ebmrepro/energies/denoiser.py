"""The energy of a denoiser D: how far it moves a noisy image, in units of the noise.

    E(x, t) = |x - D(x, t)|^2 / (2 sigma_t^2)

An image x = x_0 + sigma_t xi has |x - x_0|^2 near d sigma_t^2: a denoiser that finds x_0 again makes E of
order d / 2 at every level, and its gradient of order sqrt(d) / sigma_t, which is the size of the score of
noisy data. An energy whose last layer has to learn that size from level to level learns little else.

D is preconditioned as in EDM (Karras et al., 2022, arXiv 2206.00364, table 1), with m and s the mean and the
standard deviation of the data's pixels, so that F takes and gives numbers of order one,

    D(x, t) = m + c_skip (x - m) + c_out F(c_in (x - m), t)
    c_skip = 1 - sigma c_in,   c_out = sigma s c_in,   c_in = 1 / sqrt(sigma^2 + s^2)

but for c_skip, which is s^2 c_in^2 there: then D with F = 0 is the mean of x_0 given x for independent pixels
of law N(m, s^2). Here exp(-E) with F = 0 is the density of these, |x - m|^2 / (2 (sigma^2 + s^2)), which with
EDM's it would miss by a factor of sigma^2 c_in^2. D is what makes E right; the mean is x - sigma^2 grad E.
A diffusion that also shrinks, x = a x_0 + b xi, is that of x / a with sigma = b / a.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ebmrepro.energies.modulation import Modulation, check_condition
from ebmrepro.params.energies.denoiser import DenoiserEnergy as Config

# Times at which the modulations are learnt, evenly spaced from the first to the last.
KNOTS = 10


class DenoiserEnergy(nn.Module):
    """E(x, t) of the module's docstring. F: 3x3 convolution to `width` channels and a learnt constant for
    each of its values, as where a pixel is says much of what it may be; for each dilation h <- h +
    swish(convolution of swish(h), modulated by time); modulation by time, swish, 3x3 convolution back, of
    weights that start at 0. Modulations are learnt at a few times and linear between them: a ladder of many
    levels has too few images for each.

    `scales` and `noises` (times,) are a and b of each time; 1 until `set_noise` or a state says otherwise.
    """

    def __init__(self, shape: tuple[int, int, int], config: Config, times: int):
        super().__init__()
        channels, *size = shape
        width, self.times = config.width, times
        self.mean, self.spread = config.data_mean, config.data_spread
        self.stem = nn.Conv2d(channels, width, 3, padding=1)
        self.places = nn.Parameter(torch.zeros(width, *size))
        self.convolutions = nn.ModuleList(
            nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation) for dilation in config.dilations
        )
        knots = min(times, KNOTS)
        self.modulations = nn.ModuleList(Modulation(knots, width) for _ in [*config.dilations, "output"])
        places = torch.linspace(0, knots - 1, times)
        self.register_buffer("hats", (1 - (places[:, None] - torch.arange(knots)).abs()).clamp(min=0))
        self.output = nn.Conv2d(width, channels, 3, padding=1)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)
        self.register_buffer("scales", torch.ones(times))
        self.register_buffer("noises", torch.ones(times))

    def set_noise(self, marginals: Iterable[tuple[float, float]]) -> None:
        """Take a and b > 0 of x = a x_0 + b xi at each time; ValueError unless there are `times` of them."""
        scales, noises = torch.tensor([*marginals], dtype=self.scales.dtype).T
        if len(noises) != self.times or not (noises > 0).all():
            raise ValueError(f"a denoiser of {self.times} times needs as much noise above 0, got {noises}")
        self.scales.copy_(scales)
        self.noises.copy_(noises)

    def denoise(self, x: Tensor, condition: Tensor) -> Tensor:
        """D, clean images (B, C, H, W) for noisy `x` at one-hot `condition` (B, times)."""
        return x / self._at(self.scales, condition) + self._move(x, condition)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Energies (B,) of images (B, C, H, W) at one-hot `condition` (B, times): `check_condition`."""
        check_condition(condition, len(x), self.times)
        sigma = self._at(self.noises / self.scales, condition)
        return 0.5 * (self._move(x, condition) / sigma).flatten(1).square().sum(1)

    def _move(self, x: Tensor, condition: Tensor) -> Tensor:
        """D(x, t) - x / a."""
        sigma = self._at(self.noises / self.scales, condition)
        away = x / self._at(self.scales, condition) - self.mean
        total = (sigma.square() + self.spread**2).sqrt()
        knots = condition @ self.hats
        *modulations, last = self.modulations
        h = self.stem(away / total) + self.places
        for convolution, modulation in zip(self.convolutions, modulations, strict=True):
            h = h + F.silu(modulation(convolution(F.silu(h)), knots))
        return sigma / total * (self.spread * self.output(F.silu(last(h, knots))) - away)

    @staticmethod
    def _at(values: Tensor, condition: Tensor) -> Tensor:
        return (condition @ values).view(-1, 1, 1, 1)


def build(config: Config, shape: tuple[int, ...], classes: int | None) -> DenoiserEnergy:
    """The energy for images of `shape` (C, H, W) at `classes` times."""
    return DenoiserEnergy(shape, config, classes)
