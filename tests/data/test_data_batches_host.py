"""Batches of data that stay in their file: those of data in memory, bit for bit, read one ahead."""

import threading

import numpy as np
import pytest
import torch

from ebmrepro.data.batches import Batches
from ebmrepro.data.host_batches import HostBatches, HostData, batches_of
from ebmrepro.files.mapped import save_rows
from ebmrepro.files.workspace import map_tensors

CPU = torch.device("cpu")


@pytest.fixture
def pictures(tmp_path) -> np.ndarray:
    """Twenty-three images, mapped."""
    images = np.random.default_rng(0).integers(0, 256, (23, 3, 5, 5), dtype=np.uint8)
    save_rows(tmp_path / "pictures.safetensors", "x", images, lambda: {"label": np.arange(23)})
    return map_tensors(tmp_path / "pictures.safetensors")[0]["x"]


@pytest.mark.parametrize("batch_size", [1, 7, 23, 50])
def test_they_are_those_of_data_in_memory(batch_size, pictures):
    inside = Batches(torch.from_numpy(np.array(pictures)), batch_size, seed=3)
    outside = HostBatches(HostData(pictures, CPU), batch_size, seed=3)
    jumps = np.random.default_rng(1).permutation(30).tolist()
    # In order, as training asks; the same twice; in any order; back and forth.
    for iteration in [*range(30), 29, 29, *jumps, 4, 3, 4, 5]:
        found = outside.at(iteration)
        assert found.dtype == torch.uint8 and found.shape == (batch_size, 3, 5, 5)
        assert torch.equal(found, inside.at(iteration))
        assert torch.equal(outside.index(iteration), inside.index(iteration))
        # Labels may be asked for without their images.
        assert torch.equal(outside.index(iteration + 1), inside.index(iteration + 1))


def test_rows_of_other_numbers_are_the_same_too():
    points = np.random.default_rng(0).standard_normal((11, 2)).astype(np.float32)
    inside, outside = Batches(torch.from_numpy(points), 4, 0), HostBatches(HostData(points, CPU), 4, 0)
    for iteration in range(9):
        assert torch.equal(outside.at(iteration), inside.at(iteration))


def test_data_in_a_file_describe_themselves_as_a_tensor_does(pictures):
    data, tensor = HostData(pictures, CPU), torch.from_numpy(np.array(pictures))
    assert (len(data), tuple(data.shape), data.dtype) == (len(tensor), tuple(tensor.shape), tensor.dtype)
    assert isinstance(batches_of(data, 2, 0), HostBatches) and isinstance(batches_of(tensor, 2, 0), Batches)


class Watched(np.ndarray):
    """Rows that say which thread reads them, and fail at the reading of number `fails_at`."""

    def take(self, *arguments, **options):
        self.readers.append(threading.current_thread())
        if len(self.readers) == self.fails_at:
            raise OSError(5, "Input/output error")
        self.came.release()
        return np.asarray(self).take(*arguments, **options)


def _watched(pictures, fails_at: int = 0) -> Watched:
    rows = np.array(pictures).view(Watched)
    rows.readers, rows.fails_at, rows.came = [], fails_at, threading.Semaphore(0)
    return rows


def test_the_next_batch_is_read_by_another_thread_before_it_is_asked_for(pictures):
    rows = _watched(pictures)
    batches = HostBatches(HostData(rows, CPU), 4, seed=0)
    for iteration in range(5):
        batches.at(iteration)
        # One reading for the first batch and one for each that is to come, no more.
        assert all(rows.came.acquire(timeout=60) for _ in range(2 if iteration == 0 else 1))
        assert len(rows.readers) == iteration + 2
    assert threading.current_thread() not in rows.readers


def test_what_fails_in_that_thread_is_raised_where_the_batch_is_asked_for(pictures):
    batches = HostBatches(HostData(_watched(pictures, fails_at=3), CPU), 4, seed=0)
    for iteration in range(2):
        batches.at(iteration)
    with pytest.raises(OSError, match="Input/output error"):
        batches.at(2)
