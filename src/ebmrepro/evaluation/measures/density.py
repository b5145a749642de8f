"""Models of two-dimensional densities."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ebmrepro.energies.grid_partition import PIECE, midpoint_grid
from ebmrepro.evaluation.samples.distances import median_bandwidth, mmd_squared, wasserstein_2
from ebmrepro.evaluation.subject import Measured, Numbers, Subject
from ebmrepro.params.evaluations.density import DensityEvaluation


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


def measure(config: DensityEvaluation, subject: Subject) -> Measured:
    """`test_log_likelihood` in nats and `grid_edge_mass` by the grid; `mmd_squared` and `wasserstein` between
    samples and test points, and each `..._train_to_test`.

    Array `log_density` (grid, grid) over `box`, float32.
    """
    train, test = (subject.data[part]["x"] for part in ("train", "test"))
    points = torch.from_numpy(test).to(subject.device)
    found = {}
    for seed, samples in subject.samples.items():
        energy = subject.energy(seed)
        grid = normalise_on_grid(energy, config.box, config.grid)
        shown = min(config.compared_samples, len(samples), len(test), len(train))
        bandwidth = median_bandwidth(test[:shown])
        metrics = {
            "test_log_likelihood": log_likelihood(energy, points, grid.log_partition),
            "grid_edge_mass": grid.edge_mass,
            "mmd_squared": mmd_squared(samples[:shown], test[:shown], bandwidth),
            "mmd_squared_train_to_test": mmd_squared(train[:shown], test[:shown], bandwidth),
            "wasserstein": wasserstein_2(samples[:shown], test[:shown]),
            "wasserstein_train_to_test": wasserstein_2(train[:shown], test[:shown]),
        }
        log_density = grid.log_density.float().cpu().numpy()
        found[seed] = Numbers(metrics, {"log_density": log_density, "box": np.array(config.box)})
    return Measured(found)
