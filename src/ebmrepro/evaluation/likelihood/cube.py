"""The likelihood of images under a density on the unit cube, and bits per dimension.

exp(-E(x)) / Z is a density of points of [0, 1]^d. A uint8 image v becomes such a point by uniform noise,
x = (v + u) / 256 with u ~ U[0, 1)^d, and the probability that the model gives to v is the density's mean over
the image's cell of volume 256^-d, so that (Theis, van den Oord and Bethge, 2016, eq. 5)

    -log2 P(v) / d  <=  8 - E_u[log p(x)] / (d log 2)

The right-hand side is what papers call bits per dimension: the uniform density on the cube has exactly 8.
With log Z by annealed importance sampling, too small on average, these bits are too few on average.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from ebmrepro.data.batches import dequantise
from ebmrepro.mcmc.annealed_importance_cube import cube_log_partition
from ebmrepro.params.evaluations.inception import Likelihood

BATCH = 256


def cube_likelihood(
    energy: nn.Module,
    test: np.ndarray,
    config: Likelihood,
    chosen: int,
    generator: torch.Generator,
    advance: Callable[[int], None] = lambda count: None,
) -> dict[str, float]:
    """Likelihood of uint8 `test` images (n, C, H, W) under exp(-E) on the unit cube.

    `log_partition` and its `log_partition_error` in nats, `log_weight_effective_size` (1 to the number of
    chains; at 1 the error cannot be trusted), `metropolis_acceptance` in 0..1; of `config.points` test images
    (or all, if fewer) `test_log_likelihood`, the mean in nats an image, and `bits_per_dimension`.

    `chosen` draws the images and their noise, alike for every model; `generator`, on the energy's device, the
    chains. `advance` as of `cube_log_partition`.
    """
    rng = np.random.default_rng(chosen)
    index = np.sort(rng.choice(len(test), min(config.points, len(test)), replace=False))
    points = dequantise(torch.from_numpy(test[index]), torch.Generator().manual_seed(chosen))
    with torch.no_grad():
        parts = [energy(part.to(generator.device)).double().cpu() for part in points.split(BATCH)]
    mean_energy = float(torch.cat(parts).mean())
    partition, acceptance = cube_log_partition(energy, test.shape[1:], config, generator, advance)
    likelihood = -mean_energy - partition.log_partition
    return {
        "log_partition": partition.log_partition,
        "log_partition_error": partition.standard_error,
        "log_weight_effective_size": partition.effective_samples,
        "metropolis_acceptance": acceptance,
        "test_log_likelihood": likelihood,
        "bits_per_dimension": 8 - likelihood / (math.prod(test.shape[1:]) * math.log(2)),
    }
