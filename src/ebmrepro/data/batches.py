"""Shuffled mini-batches of training data that live on the training device; 8-bit levels and back."""

from functools import lru_cache, partial

import torch
from torch import Tensor

from ebmrepro.data.streams import stream_seed


def _permutation(size: int, seed: int, device: torch.device, epoch: int) -> Tensor:
    generator = torch.Generator().manual_seed(stream_seed(seed, "batches", epoch))
    return torch.randperm(size, generator=generator).to(device)


class Order:
    """Which rows of a data set each mini-batch holds: shuffled, every row once an epoch.

    Each epoch is a fresh permutation that depends only on (seed, epoch): the position in the data is the
    iteration number, so a resumed run sees the same batches. A last partial batch is filled from the
    start of the next permutation; `batch_size` may exceed `size`. Indices come on `device`.
    """

    def __init__(self, size: int, batch_size: int, seed: int, device: torch.device):
        self.size, self.batch_size, self.device = size, batch_size, device
        # A batch may take the end of one epoch and the start of the next.
        self._order = lru_cache(maxsize=2)(partial(_permutation, size, seed, device))

    def index(self, iteration: int) -> Tensor:
        """Which rows of the data the batch of one iteration (0-based) holds: (batch_size,), int64."""
        first, end = iteration * self.batch_size, (iteration + 1) * self.batch_size
        epochs = range(first // self.size, (end - 1) // self.size + 1)
        return torch.cat(
            [self._order(e)[max(first - e * self.size, 0) : end - e * self.size] for e in epochs]
        )


class Batches(Order):
    """Shuffled mini-batches of `data` (n, ...), float or uint8, held on one device."""

    def __init__(self, data: Tensor, batch_size: int, seed: int):
        super().__init__(len(data), batch_size, seed, data.device)
        self.data = data

    def at(self, iteration: int) -> Tensor:
        """The batch of one iteration (0-based): (batch_size, ...)."""
        return self.data.index_select(0, self.index(iteration))


def dequantise(images: Tensor, generator: torch.Generator) -> Tensor:
    """uint8 levels v to v/256 + U(0, 1/256), in [0, 1); other data unchanged. Same shape, float32."""
    if images.dtype != torch.uint8:
        return images
    noise = torch.rand(images.shape, generator=generator, device=images.device)
    return (images + noise) / 256


def quantise(images: Tensor) -> Tensor:
    """Images in [0, 1] as uint8 levels floor(256 x), the inverse of `dequantise`; the rest is clipped."""
    return (images * 256).floor().clamp(0, 255).to(torch.uint8)
