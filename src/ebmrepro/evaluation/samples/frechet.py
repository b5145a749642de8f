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
    _refuse_few(count)
    return Moments(mean, scatter / (count - 1), count)


def distance_of_moments(one: Moments, other: Moments) -> float:
    """The distance of two Gaussians by their moments; NaN if one is not finite."""
    sides = one, other
    if not all(np.isfinite(array).all() for side in sides for array in (side.mean, side.covariance)):
        return math.nan
    return _distance(one.mean - other.mean, one.root, other.root)


def frechet_distance(features: np.ndarray, reference: np.ndarray) -> float:
    """The distance of features (n, d) and (m, d); NaN if one is not finite, as of a diverged model.

    Exact to rounding whether or not a covariance is singular, as that of fewer vectors than features is.
    Raises WorkspaceError if a side has fewer than two vectors.
    """
    means, roots = [], []
    for side in (features, reference):
        count = len(side)
        _refuse_few(count)
        points = side.astype(np.float64)
        if not np.isfinite(points).all():
            return math.nan
        means.append(points.mean(0))
        # Centred points are Q T, and their covariance is T^T T / (n - 1). Roots of its eigenvalues would
        # make of a rounding error of 1e-16 in a direction without spread one of 1e-8.
        triangle = np.linalg.qr(points - means[-1], mode="r")
        roots.append(triangle.T / math.sqrt(count - 1))
    return _distance(means[0] - means[1], *roots)


def _distance(step: np.ndarray, root: np.ndarray, other: np.ndarray) -> float:
    """|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)), at least 0 but for rounding.

    The squared 2-Wasserstein distance of two Gaussians (Dowson and Landau, 1982; Heusel et al., eq. 6) whose
    means (d,) differ by `step` and whose covariances are S1 = A A^T and S2 = B B^T, A and B the two roots.
    S1 S2 has the eigenvalues of (A^T B)(A^T B)^T and zeros, so the trace of its root is the sum of the
    singular values of A^T B: real whatever the scales.
    """
    cross = np.linalg.svd(root.T @ other, compute_uv=False).sum()
    return float(step @ step + np.square(root).sum() + np.square(other).sum() - 2 * cross)


def _refuse_few(count: int) -> None:
    if count < 2:
        raise WorkspaceError(
            f"a covariance needs at least two feature vectors, not {count}: measure more images"
        )
