"""The Gaussian of the noisy data, tilted by a network: what it learns is how the data are no Gaussian.

    E(x, t) = 1/2 (x - a m)^T (a^2 S + b^2 I)^-1 (x - a m) + f(x, t)

x = a x_0 + b xi at time t, with m and S the mean and the covariance of the data x_0: with f = 0 exp(-E) is
the Gaussian with the mean and the covariance of the noisy data, which knows their coarse structure. A network
by itself learns that slowly. A density relative to a Gaussian is that of Xie, Lu, Zhu and Wu (2016, arXiv
1602.03264), to one of equal variances there.

The network sees the best linear estimate of x_0 given x, not x itself, whose noise hides what is coarse:

    m + a S (a^2 S + b^2 I)^-1 (x - a m)

That Gaussian is known in full: samples of it, and of x given a y = alpha x + s xi that it could have become,
are exact (`sample`, `posterior`). objectives/dcd.py proposes by the latter.
"""

from collections.abc import Iterable
from itertools import pairwise

import torch
from torch import Tensor, nn

from ebmrepro.data.moments import principal_axes
from ebmrepro.energies.modulation import Modulations, check_condition
from ebmrepro.params.energies.tilted import TiltedGaussian as Config

# Times at which the modulations are learnt, evenly spaced from the first to the last.
KNOTS = 10
# Keeps the size of features through a layer with a swish.
GAIN = 1.7


class Tilt(nn.Module):
    """f of images of order one: 3x3 convolutions, the first at full size and the others with stride 2, one
    hidden layer and one linear unit, which starts at 0; swish between them, modulations by time before it.

    Modulations are learnt at a few times and linear between them: a ladder of many levels has too few images
    for each.
    """

    def __init__(self, shape: tuple[int, int, int], widths: list[int], units: int, times: int):
        super().__init__()
        channels, *size = shape
        convolutions = [nn.Conv2d(channels, widths[0], 3, padding=1)]
        for width, next_width in pairwise(widths):
            convolutions.append(nn.Conv2d(width, next_width, 3, stride=2, padding=1))
            size = [(side + 1) // 2 for side in size]
        hidden = nn.Linear(widths[-1] * size[0] * size[1], units)
        for layer in [*convolutions, hidden]:
            nn.init.normal_(layer.weight, std=GAIN / layer.weight[0].numel() ** 0.5)
            nn.init.zeros_(layer.bias)
        output = nn.Linear(units, 1)
        nn.init.zeros_(output.weight)
        nn.init.zeros_(output.bias)
        maps = [part for convolution in convolutions for part in (convolution, nn.SiLU())]
        self.layers = nn.Sequential(*maps, nn.Flatten(), hidden, nn.SiLU(), output)
        knots = min(times, KNOTS)
        self.modulations = Modulations(knots, [*widths, units])
        places = torch.linspace(0, knots - 1, times)
        self.register_buffer("hats", (1 - (places[:, None] - torch.arange(knots)).abs()).clamp(min=0))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """f (B,) of `x` (B, C, H, W) at one-hot `condition` (B, times)."""
        return self.modulations(self.layers, x, condition @ self.hats).squeeze(1)


class TiltedGaussian(nn.Module):
    """E(x, t) of the module's docstring, its network's input as a distance from m in units of the root mean
    square over directions of the data's standard deviation.

    Buffers, part of the state: `scales` and `noises` (times,), a and b of each time, 1 until `set_noise`;
    `mean` (d,), `variances` (d,) and `directions` (d, d), its columns, of S = directions diag(variances)
    directions^T: 0, 1 and I until `check_data`. d = C H W.
    """

    def __init__(self, shape: tuple[int, int, int], config: Config, times: int):
        super().__init__()
        self.shape, self.times = shape, times
        self.network = Tilt(shape, config.widths, config.units, times)
        values = shape[0] * shape[1] * shape[2]
        self.register_buffer("scales", torch.ones(times))
        self.register_buffer("noises", torch.ones(times))
        self.register_buffer("mean", torch.zeros(values))
        self.register_buffer("variances", torch.ones(values))
        self.register_buffer("directions", torch.eye(values))

    def set_noise(self, marginals: Iterable[tuple[float, float]]) -> None:
        """Take a and b > 0 of x = a x_0 + b xi at each time; ValueError unless there are `times` of them."""
        scales, noises = torch.tensor([*marginals], dtype=self.scales.dtype).T
        if len(noises) != self.times or not (noises > 0).all():
            raise ValueError(
                f"a tilted energy of {self.times} times needs as much noise above 0, got {noises}"
            )
        self.scales.copy_(scales)
        self.noises.copy_(noises)

    def check_data(self, data) -> None:
        """Take mean and covariance of the training data (n, C, H, W), a tensor or HostData."""
        for buffer, found in zip(self._moments(), principal_axes(data), strict=True):
            buffer.copy_(found)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Energies (B,) of images (B, C, H, W) at one-hot `condition` (B, times): `check_condition`."""
        check_condition(condition, len(x), self.times)
        return self.gaussian(x, condition) + self.tilt(x, condition)

    def gaussian(self, x: Tensor, condition: Tensor) -> Tensor:
        """The quadratic part of E, (B,): arguments as of `forward`."""
        along = self._away(x, condition) @ self.directions
        return 0.5 * (along.square() / self._variance(condition)).sum(1)

    def tilt(self, x: Tensor, condition: Tensor) -> Tensor:
        """f(x, t), (B,): arguments as of `forward`."""
        gain = self._column(self.scales, condition) * self.variances / self._variance(condition)
        estimate = (gain * (self._away(x, condition) @ self.directions)) @ self.directions.T
        spread = self.variances.mean().sqrt()
        return self.network((estimate / spread).view(-1, *self.shape), condition)

    def sample(self, condition: Tensor, xi: Tensor) -> Tensor:
        """Samples of the Gaussian at `condition` (B, times) for standard normal `xi`, both (B, C, H, W)."""
        along = (xi.flatten(1) @ self.directions) * self._variance(condition).sqrt()
        centre = self._column(self.scales, condition) * self.mean
        return (centre + along @ self.directions.T).view_as(xi)

    def posterior(self, y: Tensor, condition: Tensor, kernel: tuple[Tensor, Tensor], xi: Tensor) -> Tensor:
        """Samples (M, B, C, H, W) of x of the Gaussian at `condition` (B, times), given y = alpha x + s xi'.

        `y` (B, C, H, W), `kernel` alpha and s > 0 (B, 1, 1, 1), `xi` (M, B, C, H, W) standard normal.
        """
        alpha, s = (part.flatten(1) for part in kernel)
        centre = self._column(self.scales, condition) * self.mean
        along = (y.flatten(1) - alpha * centre) @ self.directions
        precision = 1 / self._variance(condition) + (alpha / s).square()
        mean = along * alpha / s.square() / precision
        moved = mean + (xi.flatten(2) @ self.directions) / precision.sqrt()
        return (centre + moved @ self.directions.T).view_as(xi)

    def _moments(self) -> tuple[Tensor, Tensor, Tensor]:
        return self.mean, self.variances, self.directions

    def _away(self, x: Tensor, condition: Tensor) -> Tensor:
        """x - a m, (B, d)."""
        return x.flatten(1) - self._column(self.scales, condition) * self.mean

    def _variance(self, condition: Tensor) -> Tensor:
        """Variances of x along the directions, (B, d)."""
        a, b = (self._column(values, condition) for values in (self.scales, self.noises))
        return a.square() * self.variances + b.square()

    @staticmethod
    def _column(values: Tensor, condition: Tensor) -> Tensor:
        return (condition.to(values) @ values)[:, None]


def build(config: Config, shape: tuple[int, ...], classes: int | None) -> TiltedGaussian:
    """The energy for images of `shape` (C, H, W) at `classes` times."""
    return TiltedGaussian(shape, config, classes)
