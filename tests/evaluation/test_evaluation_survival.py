"""When a training counts as dead, and how long the trainings of a run survive."""

import math

import numpy as np
import pandas as pd
import pytest

from ebmrepro.evaluation.survival import LIMIT, collapsed_at, kaplan_meier, median_survival

NEAR, FAR = LIMIT / 2, LIMIT * 1.5


def log(*distances: float) -> pd.DataFrame:
    return pd.DataFrame({"iteration": range(0, 10 * len(distances), 10), "buffer_distance": distances})


@pytest.mark.parametrize(
    ("distances", "collapsed"),
    [
        ((FAR, NEAR, NEAR, FAR, FAR, FAR), 30),
        # It came back, and left again.
        ((NEAR, FAR, NEAR, FAR), 30),
        ((FAR, NEAR, FAR, NEAR), None),
        ((FAR, FAR, NEAR, LIMIT), None),
        # The row of a divergence has no distance.
        ((FAR, NEAR, FAR, math.nan), 20),
        ((NEAR, NEAR, math.nan), None),
        ((math.nan,), None),
    ],
)
def test_a_collapse_lasts_to_the_end(distances, collapsed):
    assert collapsed_at(log(*distances), 60) == collapsed_at(log(*distances), None) == collapsed


def test_what_never_came_near_the_data_has_collapsed_at_its_end_unless_it_diverged():
    assert collapsed_at(log(FAR, FAR, FAR), 60) == 60
    assert collapsed_at(log(FAR, FAR, math.nan), None) is None


def test_the_log_of_a_training_without_a_buffer_knows_no_collapse():
    assert collapsed_at(log(FAR, NEAR, FAR).drop(columns="buffer_distance"), 60) is None


# Freireich et al. (1963), 6-MP: weeks of remission of 21 patients, with the estimate that textbooks print.
WEEKS = (6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35)
ENDED = (1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0)
KNOWN = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}


def test_the_share_of_survivors_is_kaplan_and_meiers():
    found = kaplan_meier(WEEKS, ENDED)
    assert found.evaluate(np.array([*KNOWN], float)) == pytest.approx([*KNOWN.values()], abs=5e-4)
    assert median_survival(WEEKS, ENDED) == 23


def test_the_median_of_a_few_seeds():
    assert median_survival([5, 7, 600, 600], [True, True, False, False]) == 7
    assert median_survival([5, 600, 600, 600], [True, False, False, False]) == math.inf
    assert median_survival([600, 600], [False, False]) == math.inf
    assert median_survival([3], [True]) == 3
