"""How far the replay buffer is from the data: a training may die there while its energies stay in bounds."""

import numpy as np
import torch
from torch import Tensor

from ebmrepro.data.batches import dequantise
from ebmrepro.data.host_batches import HostData
from ebmrepro.data.streams import stream_seed
from ebmrepro.mcmc.replay import ReplayBuffer

# Chain ends, and data, that are compared.
SAMPLES = 256


class BufferDistance:
    """The energy statistic between SAMPLES chain ends in the buffer and as many rows of the data.

    The ends are drawn anew at each iteration; the rows stay the same, so that its changes are the buffer's.
    All are drawn with replacement from a stream of its own: the training does not notice.
    """

    def __init__(self, data: Tensor | HostData, seed: int):
        """`data` (n, ...), as the training has them; uint8 images are dequantised like its batches."""
        self.seed, self.device = seed, data.device
        rows = np.random.default_rng(stream_seed(seed, "buffer_distance")).integers(len(data), size=SAMPLES)
        if isinstance(data, HostData):
            chosen = torch.from_numpy(data.rows[rows]).to(self.device)
        else:
            chosen = data[torch.from_numpy(rows).to(self.device)]
        self.data = dequantise(chosen, self._generator(0))
        self.spread = mean_distance(self.data, self.data)

    def __call__(self, buffer: ReplayBuffer, iteration: int) -> Tensor:
        """H in [0, 1] after the 0-based `iteration`: a scalar on the device."""
        ends = buffer.draw(SAMPLES, self._generator(iteration + 1))
        return energy_statistic(ends, self.data, self.spread)

    def _generator(self, number: int) -> torch.Generator:
        mixed = stream_seed(self.seed, "buffer_distance", number)
        return torch.Generator(self.device).manual_seed(mixed)


def energy_statistic(x: Tensor, y: Tensor, spread: Tensor | None = None) -> Tensor:
    """H = D^2 / (2 E|X-Y|) of x (n, ...) and y (m, ...), a scalar (Szekely and Rizzo, 2013).

    D^2 = 2 E|X-Y| - E|X-X'| - E|Y-Y'|, the squared energy distance. H is 0 if and only if the two laws are
    equal, 1 for two different points, and has no unit. The means are over all pairs, also of a row with
    itself (V-statistic): H is that of the two empirical laws, in [0, 1], where the U-statistic may be
    negative. The price is a bias: samples of one law have (1/n + 1/m) / 2 in the mean. `spread`: E|Y-Y'|
    where it is known already.
    """
    spread = mean_distance(y, y) if spread is None else spread
    between = 2 * mean_distance(x, y)
    squared = between - mean_distance(x, x) - spread
    # Two equal points have no distance to be measured by. NaN stays NaN.
    return squared / between.clamp_min(torch.finfo(between.dtype).tiny)


def mean_distance(x: Tensor, y: Tensor) -> Tensor:
    """E|X-Y|, the mean Euclidean distance of the rows of x (n, ...) from those of y (m, ...), a scalar."""
    # Not by matrix products, whose rounding would keep a row away from itself.
    return torch.cdist(x.flatten(1), y.flatten(1), compute_mode="donot_use_mm_for_euclid_dist").mean()
