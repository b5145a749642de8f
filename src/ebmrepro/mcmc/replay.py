"""Where chain ends are kept: a fixed block of memory on the training device."""

import torch
from torch import Tensor

from ebmrepro.data.batches import dequantise, quantise


class ReplayBuffer:
    """`size` samples: the last (`fifo`) or a uniform sample of all (`reservoir`) chain ends ever added.

    Kind `chains` holds persistent chains (Tieleman, 2008), continued a batch at a time in rotation. They
    start at the data of their first batch.

    With `as_bytes` images in [0, 1] are kept as uint8 and dequantised as training data are; not persistent
    chains, which no rounding disturbs between updates. Nothing is read back to the host.
    """

    def __init__(self, size: int, kind: str, like: Tensor, as_bytes: bool):
        """`like` gives shape (B, ...), dtype and device of one batch; B <= size."""
        dtype = torch.uint8 if as_bytes and kind != "chains" else like.dtype
        self.size, self.kind, self.added = size, kind, 0
        self.samples = torch.zeros((size, *like.shape[1:]), dtype=dtype, device=like.device)

    def __len__(self) -> int:
        return min(self.added, self.size)

    def _slots(self, count: int) -> slice | Tensor:
        """Where the next `count` samples go in rotation."""
        first = self.added % self.size
        if first + count <= self.size:
            return slice(first, first + count)
        return torch.arange(first, first + count, device=self.samples.device) % self.size

    def next(self, data: Tensor) -> Tensor:
        """States (B, ...) of the chains whose turn it is; rows of `data` (B, ...) for those not begun yet."""
        states = self.samples[self._slots(len(data))]
        unbegun = max(0, min(len(data), self.size - self.added))
        return torch.cat([data[:unbegun], states[unbegun:]]) if unbegun else states

    def add(self, x: Tensor, generator: torch.Generator) -> None:
        """Store a batch (B, ...), B <= size; of `chains`, where those of the last `next` have come to.

        Reservoir: item number n (from 0) goes to slot n while slots are free, then to slot r ~ U{0..n} if
        r < size. If two items of a call draw one slot, the later stays.
        """
        if self.samples.dtype == torch.uint8:
            x = quantise(x)
        if self.kind == "reservoir":
            number = torch.arange(self.added, self.added + len(x), device=x.device)
            uniform = torch.rand(len(x), generator=generator, device=x.device, dtype=torch.float64)
            slot = torch.where(number < self.size, number, (uniform * (number + 1)).long())
            # Which of several writers to one slot wins is not defined by index assignment: keep the last.
            later = torch.triu(slot[:, None] == slot[None, :], diagonal=1).any(1)
            scratch = torch.where((slot < self.size) & ~later, slot, self.size)
            padded = torch.cat([self.samples, self.samples[:1]])
            padded[scratch] = x
            self.samples = padded[:-1]
        else:
            self.samples[self._slots(len(x))] = x
        self.added += len(x)

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """`count` samples with replacement, (count, ...), images dequantised; ValueError if empty."""
        if not len(self):
            raise ValueError("the replay buffer is empty")
        index = torch.randint(len(self), (count,), generator=generator, device=self.samples.device)
        return dequantise(self.samples[index], generator)

    def state_dict(self) -> dict[str, Tensor]:
        """Everything that `load_state_dict` needs."""
        return {"samples": self.samples, "added": torch.tensor(self.added)}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Continue from `state`."""
        self.samples = state["samples"].to(self.samples.device)
        self.added = int(state["added"])
