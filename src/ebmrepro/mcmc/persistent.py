"""Persistent chains (Tieleman, 2008): every update continues the same chains where they stopped."""

import torch
from torch import Tensor

from ebmrepro.mcmc.replay import Samples


class PersistentChains(Samples):
    """`size` chains, advanced a batch at a time in rotation. They start at the data of their first batch.

    States are kept as they are, images too: no rounding disturbs a chain between updates.
    """

    def __init__(self, size: int, like: Tensor):
        """`like` gives shape (B, ...), dtype and device of one batch; B <= size."""
        super().__init__(size, like, like.dtype)

    def _slots(self, count: int) -> slice | Tensor:
        first = self.added % self.size
        if first + count <= self.size:
            return slice(first, first + count)
        return torch.arange(first, first + count, device=self.samples.device) % self.size

    def next(self, data: Tensor) -> Tensor:
        """States (B, ...) of the chains whose turn it is; rows of `data` (B, ...) for those not begun yet."""
        states = self.samples[self._slots(len(data))]
        unbegun = max(0, min(len(data), self.size - self.added))
        return torch.cat([data[:unbegun], states[unbegun:]]) if unbegun else states

    def add(self, ends: Tensor, generator: torch.Generator) -> None:
        """Where the chains of the last `next` (B, ...) have come to; the next ones follow in turn."""
        self.samples[self._slots(len(ends))] = ends
        self.added += len(ends)
