"""The quadratic energy, whose normalising constant is known."""

import math

import torch
from torch import Tensor, nn

from ebmrepro.params.energies.gaussian import GaussianEnergy as Config


class GaussianEnergy(nn.Module):
    """E(x) = (x - mu)^T Lambda (x - mu) / 2, with Lambda = L L^T and L lower triangular.

    The diagonal of L is exp of a parameter, so Lambda is positive definite. The start is mu = 1,
    Lambda = 2 I: wrong on purpose for data from N(0, I).
    """

    def __init__(self, dim: int):
        super().__init__()
        self.mean = nn.Parameter(torch.ones(dim))
        self.log_diagonal = nn.Parameter(torch.full((dim,), 0.5 * math.log(2.0)))
        self.lower = nn.Parameter(torch.zeros(dim, dim))

    def cholesky(self) -> Tensor:
        """L, (d, d) lower triangular."""
        return self.lower.tril(-1) + torch.diag(self.log_diagonal.exp())

    def precision(self) -> Tensor:
        """Lambda, (d, d)."""
        factor = self.cholesky()
        return factor @ factor.T

    def forward(self, x: Tensor) -> Tensor:
        """Energies (B,) of points (B, d)."""
        return 0.5 * ((x - self.mean) @ self.cholesky()).square().sum(1)

    def log_partition(self) -> Tensor:
        """log Z = (d log 2 pi - log det Lambda) / 2, a scalar."""
        return 0.5 * len(self.mean) * math.log(2 * math.pi) - self.log_diagonal.sum()


def build(config: Config, shape: tuple[int, ...], classes: None) -> GaussianEnergy:
    """The energy for vectors of `shape` (d,)."""
    return GaussianEnergy(shape[0])
