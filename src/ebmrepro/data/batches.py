"""Shuffled mini-batches of training data that live on the training device; 8-bit levels and back."""

import torch
from torch import Tensor

from ebmrepro.data.streams import stream_seed


class Order:
    """Which rows of a data set each mini-batch holds: shuffled, every row once an epoch.

    Each epoch is a fresh permutation that depends only on (seed, epoch): the position in the data is the
    iteration number, so a resumed run sees the same batches. A last partial batch is filled from the
    start of the next permutation.
    """

    def __init__(self, size: int, batch_size: int, seed: int, device: torch.device):
        """`size` rows; `batch_size` may exceed it. Indices come on `device`."""
        self.size, self.batch_size, self.seed, self.device = size, batch_size, seed, device
        self._orders: dict[int, Tensor] = {}

    def _order(self, epoch: int) -> Tensor:
        if epoch not in self._orders:
            generator = torch.Generator().manual_seed(stream_seed(self.seed, "batches", epoch))
            order = torch.randperm(self.size, generator=generator).to(self.device)
            self._orders = {e: o for e, o in self._orders.items() if e >= epoch - 1} | {epoch: order}
        return self._orders[epoch]

    def index(self, iteration: int) -> Tensor:
        """Which rows of the data the batch of one iteration (0-based) holds: (batch_size,), int64."""
        first, picked, left = iteration * self.batch_size, [], self.batch_size
        epoch, offset = divmod(first, self.size)
        if offset + left <= self.size:
            return self._order(epoch)[offset : offset + left]
        while left:
            epoch, offset = divmod(first, self.size)
            part = self._order(epoch)[offset : offset + left]
            picked.append(part)
            first, left = first + len(part), left - len(part)
        return torch.cat(picked)


class Batches(Order):
    """Shuffled mini-batches of a data set held on one device."""

    def __init__(self, data: Tensor, batch_size: int, seed: int):
        """`data`: (n, ...) float or uint8; `batch_size` may exceed n."""
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
