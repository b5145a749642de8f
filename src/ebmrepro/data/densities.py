"""Two-dimensional densities, each with a sampler and its exact log density.

Eight Gaussians and the checkerboard are closed forms. Two moons and rings are curves run along at
constant speed with isotropic normal noise, p(x) = mean over the curve of N(x; c(t), sigma^2 I): the
density is that mean taken by a quadrature rule that is exact to rounding for these smooth integrands:
the trapezoid rule round a closed curve, Gauss-Legendre along an open one.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from ebmrepro.params.datasets.density import DensityData

Curve = Callable[[np.ndarray], np.ndarray]


class Density(NamedTuple):
    """`sample(rng, n)` gives (n, 2) points; `log_density(x)` of (n, 2) points gives (n,) nats."""

    sample: Callable[[np.random.Generator, int], np.ndarray]
    log_density: Callable[[np.ndarray], np.ndarray]


def _gaussian_mixture(centres: np.ndarray, weights: np.ndarray, sigma: float) -> Density:
    def sample(rng: np.random.Generator, count: int) -> np.ndarray:
        chosen = rng.choice(len(centres), size=count, p=weights)
        return centres[chosen] + sigma * rng.standard_normal((count, 2))

    def log_density(points: np.ndarray) -> np.ndarray:
        parts = [
            logsumexp(-_squares(block, centres) / (2 * sigma**2), b=weights, axis=1)
            for block in np.array_split(points, max(1, len(points) // 1000))
        ]
        return np.concatenate(parts) - np.log(2 * np.pi * sigma**2)

    return Density(sample, log_density)


def _squares(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return ((points[:, None, :] - centres[None, :, :]) ** 2).sum(-1)


def _along_curves(curves: list[Curve], sigma: float, closed: bool, nodes: int = 200) -> Density:
    if closed:
        t, weights = np.arange(nodes) / nodes, np.ones(nodes)
    else:
        t, weights = np.polynomial.legendre.leggauss(nodes)
        t = (t + 1) / 2
    weights = weights / (weights.sum() * len(curves))
    mixture = _gaussian_mixture(
        np.concatenate([curve(t) for curve in curves]), np.tile(weights, len(curves)), sigma
    )

    def sample(rng: np.random.Generator, count: int) -> np.ndarray:
        which = rng.integers(len(curves), size=count)
        position = rng.random(count)
        on_curve = np.choose(which[:, None], [curve(position) for curve in curves])
        return on_curve + sigma * rng.standard_normal((count, 2))

    return Density(sample, mixture.log_density)


def _checkerboard() -> Density:
    """Uniform on the eight black unit-and-a-half squares of a 4x4 board over [-3, 3]^2."""
    side = 1.5

    def sample(rng: np.random.Generator, count: int) -> np.ndarray:
        column = rng.integers(4, size=count)
        row = 2 * rng.integers(2, size=count) + column % 2
        return (np.stack([column, row], 1) + rng.random((count, 2)) - 2) * side

    def log_density(points: np.ndarray) -> np.ndarray:
        cells = np.floor(points / side).astype(int) + 2
        inside = ((cells >= 0) & (cells < 4)).all(1) & (cells.sum(1) % 2 == 0)
        return np.where(inside, -np.log(8 * side**2), -np.inf)

    return Density(sample, log_density)


def _circle(radius: float) -> Curve:
    return lambda t: radius * np.stack([np.cos(2 * np.pi * t), np.sin(2 * np.pi * t)], -1)


def _moon(sign: float) -> Curve:
    def curve(t: np.ndarray) -> np.ndarray:
        x, y = np.cos(np.pi * t), np.sin(np.pi * t)
        return 1.6 * np.stack([sign * (x - 0.5), sign * (y - 0.25)], -1)

    return curve


def density(shape: str) -> Density:
    """The density named `shape`: eight_gaussians, checkerboard, two_moons or rings."""
    if shape == "eight_gaussians":
        return _gaussian_mixture(_circle(2.5)(np.arange(8) / 8), np.full(8, 1 / 8), 0.25)
    if shape == "checkerboard":
        return _checkerboard()
    if shape == "two_moons":
        return _along_curves([_moon(1.0), _moon(-1.0)], 0.2, closed=False)
    if shape == "rings":
        return _along_curves([_circle(1.0), _circle(2.5)], 0.2, closed=True)
    raise ValueError(f"no density is called {shape!r}")


def make(config: DensityData) -> tuple[np.ndarray, np.ndarray]:
    """Train and test points, float32 of shapes (train_size, 2) and (test_size, 2)."""
    rng = np.random.default_rng([config.seed, 2])
    points = density(config.shape).sample(rng, config.train_size + config.test_size)
    points = points.astype(np.float32)
    return points[: config.train_size], points[config.train_size :]
