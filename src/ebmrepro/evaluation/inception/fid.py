"""Frechet Inception Distance (Heusel, Ramsauer, Unterthiner, Nessler and Hochreiter, 2017)."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ebmrepro.evaluation.errors import RulerError

# Rows that are converted to float64 at a time.
BLOCK = 4096

SAMPLE_SIZE_NOTE = (
    "The FID of n samples is biased upwards, by about a constant over n that differs from model to model"
    " (Binkowski et al., 2018; Chong and Forsyth, 2020): numbers at 10,000 and at 50,000 samples are never"
    " compared with each other, and each is named after its number."
)


@dataclass(frozen=True)
class Moments:
    """Mean (d,) and unbiased covariance (d, d), float64, of `count` feature vectors."""

    mean: np.ndarray
    covariance: np.ndarray
    count: int

    @cached_property
    def root(self) -> np.ndarray:
        """`root_of` the covariance: one for the distances to all references."""
        return root_of(self.covariance)


def moments(blocks: Iterable[np.ndarray]) -> Moments:
    """Mean and covariance of feature vectors that come in blocks (n_i, d), never all in memory.

    Blocks are joined by the pairwise update of Chan, Golub and LeVeque (1983), in float64, whatever the
    features' precision. Raises RulerError if there are fewer than two vectors.
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
        raise RulerError(f"a covariance needs at least two feature vectors, not {count}: measure more images")
    return Moments(mean, scatter / (count - 1), count)


def root_of(covariance: np.ndarray) -> np.ndarray:
    """R (d, d) with R R^T = `covariance`, which may be singular."""
    values, vectors = np.linalg.eigh(covariance)
    # Rounding leaves eigenvalues of a singular covariance slightly below zero.
    return vectors * np.sqrt(values.clip(0))


def frechet_distance(
    mean: np.ndarray,
    covariance: np.ndarray,
    other_mean: np.ndarray,
    other_covariance: np.ndarray,
    root: np.ndarray | None = None,
) -> float:
    """|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)) of means (d,) and covariances (d, d).

    The squared 2-Wasserstein distance of two Gaussians (Dowson and Landau, 1982; Heusel et al., eq. 6).
    With S1 = R R^T the product S1 S2 has the eigenvalues of the symmetric R^T S2 R, so the trace of its root
    is the sum of their roots: as exact as a matrix square root of the product and many times faster.
    `root` is that R of the first covariance, if it is at hand.
    """
    root = root_of(covariance) if root is None else root
    cross = np.sqrt(np.linalg.eigvalsh(root.T @ other_covariance @ root).clip(0)).sum()
    step = mean - other_mean
    return float(step @ step + np.trace(covariance) + np.trace(other_covariance) - 2 * cross)


def frechet_inception_distance(made: Moments, real: Moments) -> float:
    """The FID of two sets of features, at least 0 but for rounding.

    Raises RulerError if either set is no larger than its features are many: its covariance is singular then,
    and the distance measures the missing directions.
    """
    for name, side in (("samples", made), ("reference images", real)):
        dimensions = len(side.mean)
        if side.count <= dimensions:
            raise RulerError(
                f"no FID of {side.count} {name}: {dimensions} features have a singular covariance then,"
                f" measure at least {dimensions + 1}"
            )
    return frechet_distance(made.mean, made.covariance, real.mean, real.covariance, made.root)
