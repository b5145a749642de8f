"""Kernel Inception Distance (Binkowski, Sutherland, Arbel and Gretton, 2018)."""

import numpy as np
import torch
from torch import Tensor

from ebmrepro.files.workspace import WorkspaceError


def cubic_mmd_squared(x: Tensor, y: Tensor) -> Tensor:
    """Unbiased MMD^2 of samples x (n, d) and y (m, d) with the kernel (a.b / d + 1)^3; may be negative."""

    def kernel(a: Tensor, b: Tensor) -> Tensor:
        return (a @ b.T / x.shape[1] + 1) ** 3

    def within(a: Tensor) -> Tensor:
        gram = kernel(a, a)
        return (gram.sum() - gram.diagonal().sum()) / (len(a) * (len(a) - 1))

    return within(x) + within(y) - 2 * kernel(x, y).mean()


def kernel_inception_distance(
    made: np.ndarray,
    real: np.ndarray,
    generator: np.random.Generator,
    device: torch.device,
    subsets: int,
    size: int,
) -> tuple[float, float]:
    """Mean and standard deviation over random subsets of the MMD^2 of features (n, d) and (m, d).

    Each of `subsets` compares `size` vectors of either set, or as many as the smaller set has, drawn without
    replacement: the mean is unbiased whatever n and m, the standard deviation is that of one subset. In
    float64. Raises WorkspaceError if a set has fewer than two vectors.
    """
    size = min(size, len(made), len(real))
    if size < 2 or subsets < 1:
        raise WorkspaceError("KID needs at least two images on either side and one subset: measure more")
    found = []
    for _ in range(subsets):
        x, y = (
            torch.from_numpy(side[generator.choice(len(side), size, replace=False)]).to(device).double()
            for side in (made, real)
        )
        found.append(float(cubic_mmd_squared(x, y)))
    return float(np.mean(found)), float(np.std(found))
