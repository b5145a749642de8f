"""Batches: every point once an epoch, and a position that is the iteration alone."""

import numpy as np
import pytest
import torch
from scipy import stats

from ebmrepro.data.batches import Batches, dequantise, quantise


@pytest.mark.parametrize(("size", "batch_size"), [(10, 5), (10, 3), (10, 10), (10, 23), (7, 1), (1, 4)])
def test_every_epoch_visits_each_point_exactly_once(size, batch_size):
    batches = Batches(torch.arange(size), batch_size, seed=3)
    iterations = -(-5 * size // batch_size)
    visited = torch.cat([batches.at(i) for i in range(iterations)])
    assert all(len(batches.at(i)) == batch_size for i in range(iterations))
    epochs = visited[: 5 * size].view(5, size)
    assert torch.equal(epochs.sort(1).values, torch.arange(size).expand(5, size))
    if size > 5:
        assert len({tuple(epoch.tolist()) for epoch in epochs}) == 5


def test_the_position_is_the_iteration_alone():
    data = torch.randn(23, 2)
    forward = Batches(data, 7, seed=1)
    in_order = [forward.at(i) for i in range(40)]
    for i in np.random.default_rng(0).permutation(40):
        assert torch.equal(Batches(data, 7, seed=1).at(int(i)), in_order[i])
        assert torch.equal(forward.at(int(i)), in_order[i])
    assert not torch.equal(Batches(data, 7, seed=2).at(0), in_order[0])


def test_the_global_random_state_plays_no_part():
    before = torch.get_rng_state()
    Batches(torch.arange(50), 10, seed=0).at(3)
    assert torch.equal(torch.get_rng_state(), before)


def test_first_points_of_epochs_are_uniform():
    batches = Batches(torch.arange(5), 5, seed=0)
    first = np.bincount([int(batches.at(i)[0]) for i in range(2000)], minlength=5)
    assert stats.chisquare(first).pvalue > 1e-3


def test_dequantised_levels_fill_their_bins_uniformly():
    generator = torch.Generator().manual_seed(0)
    levels = torch.arange(256, dtype=torch.uint8).repeat_interleave(400)
    x = dequantise(levels, generator)
    assert x.dtype == torch.float32 and x.min() >= 0 and x.max() < 1
    assert torch.equal((x * 256).floor().to(torch.uint8), levels)
    within = (x.double() * 256 - levels).numpy()
    assert stats.kstest(within, "uniform").pvalue > 1e-3
    # Each pixel has noise of its own, independent of the level.
    assert min(len(np.unique(noise)) for noise in within.reshape(256, 400)) > 390
    assert abs(np.corrcoef(within, levels)[0, 1]) < 4 / np.sqrt(len(within))


def test_only_bytes_are_dequantised():
    points = torch.randn(4, 3)
    assert dequantise(points, torch.Generator()) is points


def test_quantise_is_the_inverse_of_dequantise_and_clips_the_rest():
    levels = torch.arange(256, dtype=torch.uint8).repeat(20)
    assert torch.equal(quantise(dequantise(levels, torch.Generator().manual_seed(3))), levels)
    assert quantise(torch.tensor([-0.5, 0.0, 1.0, 7.0])).tolist() == [0, 0, 255, 255]
