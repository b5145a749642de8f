"""Do chains from one image part?"""

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from ebmrepro.evaluation.samples.diversity import separation


def test_chains_part_as_their_ends_do_on_average_over_starts():
    """Frames (frames, starts, chains, C, H, W): the last one counts, in grey levels of 0..1."""
    one, other = np.random.default_rng(0).integers(0, 256, (2, 3, 2, 4, 1, 5, 5), np.uint8)
    found = separation((one, other // 4))
    ends = [pdist(start.reshape(4, -1) / 255).mean() for part in (one, other // 4) for start in part[-1]]
    spread, without = np.mean(ends[:2]), np.mean(ends[2:])
    assert found["long_chain_spread_with"] == pytest.approx(spread)
    assert found["long_chain_spread_without"] == pytest.approx(without)
    assert found["long_chain_spread_ratio"] == pytest.approx(spread / without)


def test_chains_that_stay_together_have_a_finite_ratio():
    """No distance is known below one level of one pixel."""
    still = np.zeros((1, 1, 2, 1, 2, 2), np.uint8)
    apart = still.copy()
    apart[0, 0, 1, 0, 0, 0] = 51
    assert separation((apart, still))["long_chain_spread_ratio"] == pytest.approx(51)
    assert separation(None) == {}
