"""Normalisation of a two-dimensional energy on a grid."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ebmrepro.energies.grid_partition import PIECE, midpoint_grid


class GridDensity(NamedTuple):
    """`log_partition` in nats; `log_density` (n, n) at the cell centres, rows along y, columns along x;
    `edge_mass`, the probability in the outermost ring of cells: near 0 if the box is large enough."""

    log_partition: float
    log_density: Tensor
    edge_mass: float


@torch.no_grad()
def normalise_on_grid(energy: nn.Module, box: list[float], cells: int) -> GridDensity:
    """log Z of exp(-E) over the square `box` x `box` by the midpoint rule on `cells` x `cells` cells."""
    yx, log_area = midpoint_grid(box, cells, torch.empty(0, device=next(energy.parameters()).device))
    minus_energy = torch.cat([-energy(part) for part in yx.flip(1).split(PIECE)]).double()
    log_partition = torch.logsumexp(minus_energy, 0) + log_area
    log_density = (minus_energy - log_partition).view(cells, cells)
    mass = (log_density + log_area).exp()
    edge = mass[[0, -1], :].sum() + mass[1:-1, [0, -1]].sum()
    return GridDensity(float(log_partition), log_density, float(edge))


@torch.no_grad()
def log_likelihood(energy: nn.Module, points: Tensor, log_partition: float) -> float:
    """Mean log p(x) = -E(x) - log Z in nats over `points` (n, 2)."""
    return float(-energy(points).double().mean() - log_partition)
