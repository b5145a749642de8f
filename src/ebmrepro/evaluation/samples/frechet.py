"""The Frechet distance between two sets of features: that of Gaussians with their means and covariances.

An FID (Heusel, Ramsauer, Unterthiner, Nessler and Hochreiter, 2017) only if the features are Inception's; a
number is named after its features.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ebmrepro.files.workspace import WorkspaceError

# Rows that are converted to float64 at a time.
BLOCK = 4096


@dataclass(frozen=True)
class Moments:
    """Mean (d,) and unbiased covariance (d, d), float64, of `count` feature vectors."""

    mean: np.ndarray
    covariance: np.ndarray
    count: int

    @cached_property
    def root(self) -> np.ndarray:
        """R (d, d) with R R^T the covariance, which may be singular; one for the distances to all others."""
        values, vectors = np.linalg.eigh(self.covariance)
        # Rounding leaves eigenvalues of a singular covariance slightly below zero.
        return vectors * np.sqrt(values.clip(0))


def moments(blocks: Iterable[np.ndarray]) -> Moments:
    """Mean and covariance of feature vectors that come in blocks (n_i, d), never all in memory.

    Blocks are joined by the pairwise update of Chan, Golub and LeVeque (1983), in float64, whatever the
    features' precision. Raises WorkspaceError if there are fewer than two vectors.
    """
    count, mean, scatter = 0, 0.0, 0.0
    for block in blocks:
        for start in range(0, len(block), BLOCK):
            part = block[start : start + BLOCK].astype(np.float64)
            centre = part.mean(0)
            part -= centre
            step = centre - mean
            total = count + len(part)
            scatter = scatter + part.T @ part + np.multiply.outer(step, step) * (count * len(part) / total)
            mean = mean + step * (len(part) / total)
            count = total
    if count < 2:
        raise WorkspaceError(
            f"a covariance needs at least two feature vectors, not {count}: measure more images"
        )
    return Moments(mean, scatter / (count - 1), count)


def distance_of_moments(one: Moments, other: Moments) -> float:
    """|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)), at least 0 but for rounding; NaN of moments not finite.

    The squared 2-Wasserstein distance of two Gaussians (Dowson and Landau, 1982; Heusel et al., eq. 6).
    With S1 = R R^T the product S1 S2 has the eigenvalues of the symmetric R^T S2 R, so the trace of its root
    is the sum of their roots: as exact as a matrix square root of the product, many times faster, and real
    whatever the scales.
    """
    if not all(np.isfinite(array).all() for side in (one, other) for array in (side.mean, side.covariance)):
        return math.nan
    cross = np.sqrt(np.linalg.eigvalsh(one.root.T @ other.covariance @ one.root).clip(0)).sum()
    step = one.mean - other.mean
    return float(step @ step + np.trace(one.covariance) + np.trace(other.covariance) - 2 * cross)


def frechet_distance(features: np.ndarray, reference: np.ndarray) -> float:
    """The distance of features (n, d) and (m, d); NaN if one is not finite, as of a diverged model.

    Raises WorkspaceError if a side has fewer than two vectors.
    """
    return distance_of_moments(moments([features]), moments([reference]))
