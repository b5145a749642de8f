"""Mixtures of normal laws in two dimensions: of points, and of all points of curves.

Curves are run along at constant speed with isotropic normal noise, p(x) = mean over the curve of
N(x; c(t), sigma^2 I): the density is that mean taken by a quadrature rule that is exact to rounding for these
smooth integrands: the trapezoid rule round a closed curve, Gauss-Legendre along an open one.
"""

from collections.abc import Callable

import numpy as np
from scipy.special import logsumexp

# From positions (n,) in [0, 1] to points (n, 2).
Curve = Callable[[np.ndarray], np.ndarray]
# Nodes of the quadrature on each curve.
NODES = 200
# The two functions of a density: from (rng, n) to points (n, 2), and from points (n, 2) to nats (n,).
Density = tuple[Callable[[np.random.Generator, int], np.ndarray], Callable[[np.ndarray], np.ndarray]]


def gaussian_mixture(centres: np.ndarray, weights: np.ndarray, sigma: float) -> Density:
    """Normal laws of standard deviation `sigma` at `centres` (k, 2) with `weights` (k,) that sum to one."""

    def sample(rng: np.random.Generator, count: int) -> np.ndarray:
        chosen = rng.choice(len(centres), size=count, p=weights)
        return centres[chosen] + sigma * rng.standard_normal((count, 2))

    def log_density(points: np.ndarray) -> np.ndarray:
        blocks = np.array_split(points, max(1, len(points) // 1000))
        squares = (((block[:, None, :] - centres[None, :, :]) ** 2).sum(-1) for block in blocks)
        parts = [logsumexp(-each / (2 * sigma**2), b=weights, axis=1) for each in squares]
        return np.concatenate(parts) - np.log(2 * np.pi * sigma**2)

    return sample, log_density


def along_curves(curves: list[Curve], sigma: float, closed: bool) -> Density:
    """All points of `curves`, each curve alike, with noise of standard deviation `sigma`."""
    if closed:
        t, weights = np.arange(NODES) / NODES, np.ones(NODES)
    else:
        t, weights = np.polynomial.legendre.leggauss(NODES)
        t = (t + 1) / 2
    weights = np.tile(weights / (weights.sum() * len(curves)), len(curves))
    _, log_density = gaussian_mixture(np.concatenate([curve(t) for curve in curves]), weights, sigma)

    def sample(rng: np.random.Generator, count: int) -> np.ndarray:
        which = rng.integers(len(curves), size=count)
        position = rng.random(count)
        on_curve = np.choose(which[:, None], [curve(position) for curve in curves])
        return on_curve + sigma * rng.standard_normal((count, 2))

    return sample, log_density


def circle(radius: float) -> Curve:
    """Round the origin."""
    return lambda t: radius * np.stack([np.cos(2 * np.pi * t), np.sin(2 * np.pi * t)], -1)
