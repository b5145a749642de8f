"""Inception Score, Frechet and Kernel Inception Distance from features and class probabilities."""

import numpy as np
import torch
from numpy.random import Generator
from scipy.special import rel_entr
from torch import Tensor

from ebmrepro.evaluation.samples.frechet import Moments, distance_of_moments
from ebmrepro.files.workspace import WorkspaceError


def inception_score(probabilities: np.ndarray, splits: int) -> tuple[float, float]:
    """exp E_x KL(p(y|x) || p(y)), between 1 and the number of classes: mean and standard deviation of splits
    (Salimans, Goodfellow, Zaremba, Cheung, Radford and Chen, 2016).

    `probabilities` (n, classes), rows sum to 1, of images in random order: as the reference code does
    (openai/improved-gan), the images are cut into `splits` runs of neighbours, i n / splits rounded down to
    (i + 1) n / splits, and the standard deviation is that of the splits themselves (divided by their number).

    Fewer images in a split give a lower score. WorkspaceError if one is empty or rows are no probabilities.
    """
    count = len(probabilities)
    if splits < 1 or count < splits:
        raise WorkspaceError(f"{count} images cannot be cut into {splits} splits: measure more or split less")
    scores = []
    for i in range(splits):
        part = probabilities[i * count // splits : (i + 1) * count // splits].astype(np.float64)
        if not (part >= 0).all() or np.abs(part.sum(1) - 1).max() > 1e-3:
            raise WorkspaceError("class probabilities must be at least 0 and sum to 1 for every image")
        # rel_entr is 0 where p(y|x) is: a float32 softmax underflows for a network that is sure.
        scores.append(np.exp(rel_entr(part, part.mean(0)).sum(1).mean()))
    return float(np.mean(scores)), float(np.std(scores))


def frechet_inception_distance(made: Moments, real: Moments) -> float:
    """The FID (Heusel, Ramsauer, Unterthiner, Nessler and Hochreiter, 2017), at least 0 but for rounding.

    That of n samples is biased upwards, by about a constant over n that differs from model to model
    (Binkowski et al., 2018; Chong and Forsyth, 2020): numbers at different n are never compared.

    Raises WorkspaceError if either set is no larger than its features are many: its covariance is singular
    then, and the distance measures the missing directions.
    """
    for name, side in (("samples", made), ("reference images", real)):
        dimensions = len(side.mean)
        if side.count <= dimensions:
            raise WorkspaceError(
                f"no FID of {side.count} {name}: {dimensions} features have a singular covariance then,"
                f" measure at least {dimensions + 1}"
            )
    return distance_of_moments(made, real)


def cubic_mmd_squared(x: Tensor, y: Tensor) -> Tensor:
    """Unbiased MMD^2 of samples x (n, d) and y (m, d) with the kernel (a.b / d + 1)^3; may be negative."""

    def kernel(a: Tensor, b: Tensor) -> Tensor:
        return (a @ b.T / x.shape[1] + 1) ** 3

    def within(a: Tensor) -> Tensor:
        gram = kernel(a, a)
        return (gram.sum() - gram.diagonal().sum()) / (len(a) * (len(a) - 1))

    return within(x) + within(y) - 2 * kernel(x, y).mean()


def kernel_inception_distance(
    made: np.ndarray, real: np.ndarray, rng: Generator, device: torch.device, subsets: int, size: int
) -> tuple[float, float]:
    """Mean and standard deviation over random subsets of the MMD^2 of features (n, d) and (m, d): the KID
    (Binkowski, Sutherland, Arbel and Gretton, 2018).

    Each of `subsets` compares `size` vectors of either set, or as many as the smaller set has, drawn without
    replacement: the mean is unbiased whatever n and m. WorkspaceError if a set has fewer than two vectors.
    """
    size = min(size, len(made), len(real))
    if size < 2 or subsets < 1:
        raise WorkspaceError("KID needs at least two images on either side and one subset: measure more")
    found = []
    for _ in range(subsets):
        x, y = (
            torch.from_numpy(side[rng.choice(len(side), size, replace=False)]).to(device).double()
            for side in (made, real)
        )
        found.append(float(cubic_mmd_squared(x, y)))
    return float(np.mean(found)), float(np.std(found))
