"""Streams of random numbers that have nothing in common."""

import itertools

import pytest
import torch
from scipy.stats import pearsonr

from ebmrepro.data.streams import PURPOSES, stream_seed


def numbers(seed: int) -> torch.Tensor:
    return torch.rand(2000, generator=torch.Generator().manual_seed(seed))


def test_every_purpose_number_and_seed_has_a_stream_of_its_own():
    seeds = [stream_seed(s, p, n) for s, p, n in itertools.product(range(20), PURPOSES, range(20))]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**32 for seed in seeds)
    assert not set(seeds) & set(range(20)), "the initial weights are drawn with the bare seed"


def test_streams_are_equal_when_asked_again_and_uncorrelated_otherwise():
    assert torch.equal(numbers(stream_seed(0, "chains")), numbers(stream_seed(0, "chains")))
    streams = [numbers(0)] + [numbers(stream_seed(0, purpose)) for purpose in PURPOSES]
    for one, other in itertools.combinations(streams, 2):
        assert pearsonr(one, other).pvalue > 1e-4


def test_torchs_generator_ignores_high_bits():
    """Why the seeds are mixed into 32 bits."""
    assert torch.equal(numbers(7), numbers(7 + (1 << 40)))


def test_an_unknown_purpose_is_refused():
    with pytest.raises(ValueError, match="tuple"):
        stream_seed(0, "weights")
