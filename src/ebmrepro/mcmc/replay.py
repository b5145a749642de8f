"""The replay buffer: a fixed block of memory on the training device."""

import torch
from torch import Tensor

from ebmrepro.data.batches import dequantise, quantise


class Samples:
    """Room for `size` samples, of which `added` came so far."""

    def __init__(self, size: int, like: Tensor, dtype: torch.dtype):
        """`like` gives shape (B, ...) and device of one batch; B <= size."""
        self.size, self.added = size, 0
        self.samples = torch.zeros((size, *like.shape[1:]), dtype=dtype, device=like.device)

    def __len__(self) -> int:
        return min(self.added, self.size)

    def state(self) -> dict[str, Tensor]:
        """Everything that `load_state` needs."""
        return {"samples": self.samples, "added": torch.tensor(self.added)}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Continue from `state`."""
        self.samples = state["samples"].to(self.samples.device)
        self.added = int(state["added"])


class ReplayBuffer(Samples):
    """The last (`fifo`) or a uniform sample of all (`reservoir`) chain ends ever added.

    Images in [0, 1] are kept as uint8 and come back as v/256 + U(0, 1/256), the same transform as the
    training data; other samples are kept as they are. Nothing is read back to the host.
    """

    def __init__(self, size: int, kind: str, like: Tensor, as_bytes: bool):
        """`like` gives shape (B, ...), dtype and device of one batch; `as_bytes` for images."""
        super().__init__(size, like, torch.uint8 if as_bytes else like.dtype)
        self.kind = kind

    def add(self, x: Tensor, generator: torch.Generator) -> None:
        """Store a batch (B, ...), B <= size.

        Reservoir: item number n (from 0) goes to slot n while slots are free, then to slot r ~ U{0..n} if
        r < size. Of two items that draw one slot in the same call the later stays.
        """
        if self.samples.dtype == torch.uint8:
            x = quantise(x)
        number = torch.arange(self.added, self.added + len(x), device=x.device)
        if self.kind == "fifo":
            slot = number % self.size
            self.samples[slot] = x
        else:
            uniform = torch.rand(len(x), generator=generator, device=x.device, dtype=torch.float64)
            slot = torch.where(number < self.size, number, (uniform * (number + 1)).long())
            # Which of several writers to one slot wins is not defined by index assignment: keep the last.
            later = torch.triu(slot[:, None] == slot[None, :], diagonal=1).any(1)
            kept = (slot < self.size) & ~later
            scratch = torch.where(kept, slot, self.size)
            padded = torch.cat([self.samples, self.samples[:1]])
            padded[scratch] = x
            self.samples = padded[:-1]
        self.added += len(x)

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """`count` samples with replacement, (count, ...), images dequantised; ValueError if empty."""
        if not len(self):
            raise ValueError("the replay buffer is empty")
        device = self.samples.device
        index = torch.randint(len(self), (count,), generator=generator, device=device)
        return dequantise(self.samples[index], generator)
