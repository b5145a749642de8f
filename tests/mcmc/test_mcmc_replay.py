"""The replay buffer: nothing is lost, inverted or favoured."""

import numpy as np
import pytest
import torch
from scipy import stats

from ebmrepro.mcmc.replay import ReplayBuffer


def _buffer(size: int, kind: str, shape=(1,), as_bytes=False) -> ReplayBuffer:
    return ReplayBuffer(size, kind, torch.zeros(1, *shape), as_bytes)


def _generator(seed=0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("kind", ["fifo", "reservoir"])
def test_images_come_back_within_one_level(kind):
    """The reference's buffer multiplied bytes by 255 and so inverted images; ours may not."""
    buffer = _buffer(512, kind, (1, 1, 2), as_bytes=True)
    # Every level, its ends and its middle.
    values = torch.cat([torch.arange(256) / 256, (torch.arange(256) + 0.5) / 256])
    values[-1] = 1.0
    images = torch.stack([values, values.flip(0)], 1)[:, None, None, :]
    buffer.add(images, _generator())
    assert buffer.samples.dtype == torch.uint8 and len(buffer) == 512
    drawn = buffer.draw(4000, _generator(1))
    assert drawn.dtype == torch.float32 and drawn.min() >= 0 and drawn.max() < 1
    # The second pixel tells which image was drawn.
    distance = (drawn[:, None] - images[None]).abs().amax((2, 3, 4))
    assert distance.amin(1).max() <= 1 / 256
    assert distance.argmin(1).unique().numel() > 450


def test_levels_are_kept_exactly_through_storage():
    buffer = _buffer(256, "fifo", as_bytes=True)
    levels = torch.arange(256, dtype=torch.float32)[:, None]
    buffer.add((levels + 0.999) / 256, _generator())
    assert torch.equal(buffer.samples.float(), levels)


def test_points_are_kept_bit_for_bit():
    buffer = _buffer(8, "fifo", (3,))
    points = torch.randn(8, 3)
    buffer.add(points, _generator())
    drawn = buffer.draw(40, _generator())
    assert ((drawn[:, None] == points[None]).all(2).sum(1) == 1).all()


def test_values_out_of_range_are_held_at_the_ends():
    buffer = _buffer(2, "fifo", as_bytes=True)
    buffer.add(torch.tensor([[-0.3], [1.7]]), _generator())
    assert buffer.samples[:, 0].tolist() == [0, 255]


def test_fifo_overwrites_the_oldest_in_order():
    buffer, generator = _buffer(7, "fifo"), _generator()
    for first in range(0, 30, 3):
        buffer.add(torch.arange(first, first + 3, dtype=torch.float32)[:, None], generator)
        newest = list(range(max(0, first + 3 - 7), first + 3))
        held = sorted(buffer.samples[: len(buffer), 0].int().tolist())
        assert held == newest and len(buffer) == len(newest)
    assert buffer.added == 30


def test_reservoir_is_uniform_over_all_history():
    """After 60 items through 10 slots in batches of 7, every item is equally likely to be held."""
    size, total, trials, generator = 10, 60, 3000, _generator(5)
    counts = np.zeros(total)
    for _ in range(trials):
        buffer = _buffer(size, "reservoir")
        for batch in torch.arange(total, dtype=torch.float32)[:, None].split(7):
            buffer.add(batch, generator)
        held = buffer.samples[:, 0].int().numpy()
        assert len(np.unique(held)) == size
        counts[held] += 1
    # Inclusion of one item is binomial with p = size / total; the sum over items is fixed.
    expected = trials * size / total
    chi_square = ((counts - expected) ** 2 / (expected * (1 - size / total))).sum() * (total - 1) / total
    assert 1e-4 < stats.chi2.sf(chi_square, total - 1) < 1 - 1e-4


def test_of_several_writers_to_one_slot_the_last_stays():
    """A reservoir of one slot is sequential: with the same draws, item by item gives the same answer."""
    for seed in range(50):
        batch = torch.arange(8, dtype=torch.float32)[:, None]
        together, one_by_one = _buffer(2, "reservoir"), [0.0, 0.0]
        together.add(batch, _generator(seed))
        uniform = torch.rand(8, generator=_generator(seed), dtype=torch.float64)
        for n in range(8):
            slot = n if n < 2 else int(uniform[n] * (n + 1))
            if slot < 2:
                one_by_one[slot] = float(n)
        assert together.samples[:, 0].tolist() == one_by_one


@pytest.mark.parametrize("kind", ["fifo", "reservoir"])
def test_only_what_was_added_is_drawn_and_evenly(kind):
    buffer = _buffer(100, kind)
    buffer.add(torch.arange(1.0, 13.0)[:, None], _generator())
    counts = np.bincount(buffer.draw(6000, _generator(3))[:, 0].int().numpy(), minlength=13)
    assert counts[0] == 0 and len(counts) == 13
    assert stats.chisquare(counts[1:]).pvalue > 1e-3


def test_an_empty_buffer_refuses():
    with pytest.raises(ValueError, match="empty"):
        _buffer(3, "fifo").draw(1, _generator())


@pytest.mark.parametrize("kind", ["fifo", "reservoir"])
@pytest.mark.parametrize("as_bytes", [False, True])
def test_a_restored_buffer_goes_on_alike(kind, as_bytes):
    first, second = (_buffer(5, kind, (2,), as_bytes) for _ in range(2))
    generator = _generator(1)
    first.add(torch.rand(4, 2, generator=generator), generator)
    second.load_state_dict({name: value.clone() for name, value in first.state_dict().items()})
    one, two = _generator(9), _generator(9)
    for _ in range(4):
        batch = torch.rand(3, 2, generator=generator)
        first.add(batch, one)
        second.add(batch, two)
    assert torch.equal(first.samples, second.samples) and len(first) == len(second)
    assert torch.equal(first.draw(20, one), second.draw(20, two))
