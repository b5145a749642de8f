"""Training data that stay in a file on the host because the training device has no room for them.

A thread reads the next batch while the device works on this one; benchmarks/batches_from_host.py says what
that adds to a training step.
"""

import mmap
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from ebmrepro.data.batches import Batches, Order


class HostData:
    """Rows of an array that is mapped from a file, with the device that their batches go to.

    `shape` (n, ...) and torch's `dtype`, `device` and length are those of a tensor in the array's place.
    """

    def __init__(self, rows: np.ndarray, device: torch.device):
        self.rows, self.device, self.shape = rows, device, rows.shape
        self.dtype = torch.from_numpy(np.empty(0, rows.dtype)).dtype
        if isinstance(mapped := rows.base, mmap.mmap) and hasattr(mmap, "MADV_RANDOM"):
            # Else the system reads 128 KiB of the disk for each row of 3 KiB.
            mapped.madvise(mmap.MADV_RANDOM)

    def __len__(self) -> int:
        return len(self.rows)


class HostBatches:
    """The batches of `data.batches.Batches`, bit for bit, of which one is on the device and one on its way.

    What goes wrong in the reading thread is raised by the call that asks for its batch.
    """

    def __init__(self, data: HostData, batch_size: int, seed: int):
        self.data, self.batch_size, self.device = data, batch_size, data.device
        # The reading thread alone asks it.
        self._order = Order(len(data), batch_size, seed, torch.device("cpu"))
        self._reader = ThreadPoolExecutor(1, "batches")
        self._coming: dict[int, Future] = {}
        self._iteration, self._batch = -1, ()

    def index(self, iteration: int) -> Tensor:
        """Which rows of the data the batch of one iteration (0-based) holds: (batch_size,), int64."""
        return self._on_device(iteration)[0]

    def at(self, iteration: int) -> Tensor:
        """The batch of one iteration (0-based): (batch_size, ...). Asked for twice, it is the same tensor."""
        return self._on_device(iteration)[1]

    def _on_device(self, iteration: int) -> Sequence[Tensor]:
        if iteration != self._iteration:
            asked = self._coming.pop(iteration, None) or self._reader.submit(self._read, iteration)
            for unused in self._coming.values():
                unused.cancel()
            self._coming = {iteration + 1: self._reader.submit(self._read, iteration + 1)}
            # Pinned memory is not given to another batch before a copy from it has ended: torch sees to that.
            self._batch = [part.to(self.device, non_blocking=True) for part in asked.result()]
            self._iteration = iteration
        return self._batch

    def _read(self, iteration: int) -> tuple[Tensor, Tensor]:
        pinned = self.device.type == "cuda"
        index = self._order.index(iteration)
        rows = torch.empty((self.batch_size, *self.data.shape[1:]), dtype=self.data.dtype, pin_memory=pinned)
        # clip: every index is in range, and numpy would fill a copy of `out` first to be able to refuse one.
        np.take(self.data.rows, index.numpy(), axis=0, out=rows.numpy(), mode="clip")
        return index.pin_memory() if pinned else index, rows


def batches_of(data: Tensor | HostData, batch_size: int, seed: int) -> Batches | HostBatches:
    """Shuffled mini-batches of data on the training device, or of data that stay on the host."""
    return (HostBatches if isinstance(data, HostData) else Batches)(data, batch_size, seed)
