"""Models of two-dimensional densities."""

import numpy as np
import torch

from ebmrepro.evaluation.likelihood.grid import log_likelihood, normalise_on_grid
from ebmrepro.evaluation.samples.distances import median_bandwidth, mmd_squared, wasserstein_2
from ebmrepro.evaluation.subject import Measured, Numbers, Subject
from ebmrepro.params.evaluations.density import DensityEvaluation


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
