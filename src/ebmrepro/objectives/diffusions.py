"""The diffusions of DCD: any of them with Gaussian kernels can take the place of another.

A diffusion that knows nothing of theta carries x at one level to y at a later one,

    y = a x + s xi,   xi ~ N(0, I)

and its inverse for a given y, (y + s xi') / a, draws from the x that could have become y, all x alike.

    variance exploding    a = 1               s^2 = sigma_{i+1}^2 - sigma_i^2     level: noise sigma
    variance preserving   a = e^{-(T - t)}    s^2 = 1 - a^2                       level: time t

Variance preserving is dX = -X dt + sqrt(2) dW (Ornstein-Uhlenbeck), whose stationary law is N(0, I).
"""

import itertools
import math
from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

from ebmrepro.params.objectives.dcd import DiffusionContrastiveDivergence


class Kernel(NamedTuple):
    """y = `scale` x + `noise` xi; numbers, or tensors that broadcast over x."""

    scale: float | Tensor
    noise: float | Tensor

    def diffuse(self, x: Tensor, xi: Tensor) -> Tensor:
        """y for `x` and standard normal `xi`, both (B, ...)."""
        return self.scale * x + self.noise * xi

    def invert(self, y: Tensor, xi: Tensor) -> Tensor:
        """An x that could have become `y` (B, ...), for standard normal `xi` (..., B, ...)."""
        return (y + self.noise * xi) / self.scale


def variance_exploding(earlier: float, later: float) -> Kernel:
    """From noise of standard deviation `earlier` >= 0 to `later`; ValueError unless that is more."""
    if not 0 <= earlier < later:
        raise ValueError(f"the noise of a VE diffusion must grow from 0 or more, got {earlier} to {later}")
    return Kernel(1.0, math.sqrt((later - earlier) * (later + earlier)))


def variance_preserving(earlier: float, later: float) -> Kernel:
    """From time `earlier` >= 0 to `later`; ValueError unless that is later."""
    if not 0 <= earlier < later:
        raise ValueError(f"the horizon of a VP diffusion must be above 0, got times {earlier} to {later}")
    return Kernel(math.exp(earlier - later), math.sqrt(-math.expm1(2 * (earlier - later))))


DIFFUSIONS: dict[str, Callable[[float, float], Kernel]] = {
    "ve": variance_exploding,
    "vp": variance_preserving,
}


def kernels(config: DiffusionContrastiveDivergence) -> list[Kernel]:
    """The kernels from each level to the next; ValueError if a level is not above the one before."""
    between = DIFFUSIONS[config.diffusion]
    return [between(earlier, later) for earlier, later in itertools.pairwise(config.levels)]


def marginals(config: DiffusionContrastiveDivergence) -> list[Kernel]:
    """What makes samples of p_{t_i} from data, for each level but the last; level 0 leaves them alone."""
    between = DIFFUSIONS[config.diffusion]
    return [between(0.0, level) if level else Kernel(1.0, 0.0) for level in config.levels[:-1]]
