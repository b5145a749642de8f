"""Holm's adjustment, and which verdict the evidence of a whole preset leads to."""

import numpy as np
import pytest
from reproduction_runs import HIGH, LOW, PAIRED, judge_test, run
from scipy import stats

from ebmrepro.reproduction.decision import (
    CONTRADICTED,
    NO_DIFFERENCE,
    NOT_MEASURED,
    REPRODUCED,
    UNDECIDED,
    Finding,
    decide,
    holm,
    seeds_needed,
)
from ebmrepro.reproduction.evidence import ALPHA, Evidence, t_test
from ebmrepro.reproduction.judgement import examine


@pytest.mark.parametrize(
    ("p", "adjusted"),
    [
        # R: p.adjust(p, "holm").
        ([0.01, 0.02, 0.03, 0.04, 0.05], [0.05, 0.08, 0.09, 0.09, 0.09]),
        ([0.005, 0.04, 0.03, 0.01], [0.02, 0.06, 0.06, 0.03]),
        ([0.9, 0.6], [1.0, 1.0]),
        ([0.04], [0.04]),
        ([], []),
    ],
)
def test_holm(p, adjusted):
    assert holm(p)[0] == pytest.approx(adjusted, abs=1e-12)


def test_a_p_is_below_its_level_where_its_adjusted_one_is_and_all_before_it_are():
    rng = np.random.default_rng(0)
    for _ in range(200):
        p = list(rng.beta(0.3, 3, 7))
        adjusted, levels = holm(p)
        passed = True
        for index in np.argsort(p):
            passed &= p[index] <= levels[index]
            assert (adjusted[index] <= ALPHA) == passed


def test_holm_keeps_the_chance_of_any_false_decision():
    """Six true nulls and four false ones; with any false decision at most a share ALPHA."""
    rng, false = np.random.default_rng(1), 0
    for _ in range(4000):
        p = list(rng.random(6)) + list(rng.beta(0.05, 5, 4))
        false += any(value <= ALPHA for value in holm(p)[0][:6])
    # Three standard deviations of a share of 0.05.
    assert false / 4000 <= ALPHA + 3 * (0.05 * 0.95 / 4000) ** 0.5
    assert false / 4000 > 0.02, "an adjustment that never decides would pass too"


def evidence(p: float, claimed=True, p_equivalence: float | None = None) -> Evidence:
    margin = None if p_equivalence is None else 1.0
    return Evidence("t", "it", 0.5, (0.1, 0.9), claimed, p, lambda n, level: n / 10, margin, p_equivalence)


def verdicts(*found: Evidence) -> list[str]:
    return [judged.verdict for judged in decide([Finding({}, one) for one in found])]


def test_the_adjusted_p_decides():
    assert verdicts(evidence(0.03)) == [REPRODUCED]
    assert verdicts(evidence(0.03, claimed=False)) == [CONTRADICTED]
    assert verdicts(evidence(0.06)) == [UNDECIDED]
    # Two at 0.03 are none at 0.05; one far below leaves the other the whole level.
    assert verdicts(evidence(0.03), evidence(0.03)) == [UNDECIDED, UNDECIDED]
    assert verdicts(evidence(0.03), evidence(0.001)) == [REPRODUCED, REPRODUCED]
    assert verdicts(evidence(0.03, claimed=False), evidence(0.9)) == [UNDECIDED, UNDECIDED]


def test_what_is_no_evidence_takes_no_part():
    found = decide([Finding({}, evidence(0.03)), Finding({"a": 1}, None, "no runs"), Finding({}, None, "x")])
    assert [judged.verdict for judged in found] == [REPRODUCED, NOT_MEASURED, NOT_MEASURED]
    assert (found[1].reason, found[1].measured, found[1].statistic) == ("no runs", {"a": 1}, {})


def test_equivalences_are_adjusted_among_themselves():
    assert verdicts(evidence(0.9, p_equivalence=0.03)) == [NO_DIFFERENCE]
    assert verdicts(evidence(0.9, p_equivalence=0.06)) == [UNDECIDED]
    assert verdicts(evidence(0.9, p_equivalence=0.03), evidence(0.8, p_equivalence=0.03)) == [UNDECIDED] * 2
    assert verdicts(evidence(0.9, p_equivalence=0.03), evidence(0.02)) == [NO_DIFFERENCE, REPRODUCED]
    # A real difference that is too small to count is none.
    assert verdicts(evidence(0.001, p_equivalence=0.001)) == [NO_DIFFERENCE]


def test_undecided_says_how_many_seeds_would_do():
    (found,) = decide([Finding({}, evidence(0.2))])
    assert found.statistic["seeds_needed"] == 8 and "about 8 like these would decide" in found.reason
    assert found.statistic["p_holm"] == 0.2
    hopeless = evidence(0.2)._replace(power=lambda seeds, level: 0.0 * seeds)
    assert seeds_needed(hopeless, 0.05) is None
    assert "1,000 like these would not decide" in decide([Finding({}, hopeless)])[0].reason
    nothing = evidence(1.0)._replace(power=None)
    assert "nothing to tell them apart by" in decide([Finding({}, nothing)])[0].reason


def test_so_many_seeds_do_decide():
    """The number is for the level that Holm left this test: drawn anew, four in five are decided."""
    values = [0.2, 1.4, -0.3, 0.9]
    few = t_test(values, 2.0, "it", 1)
    needed, rng = seeds_needed(few, 0.05 / 3), np.random.default_rng(0)
    draws = rng.normal(np.mean(values), np.std(values, ddof=1), (4000, needed))
    decided = np.mean(stats.ttest_1samp(draws, 0, axis=1).pvalue <= 0.05 / 3)
    # The least number that does: within the noise of 4,000 draws and one seed's worth of power.
    assert 0.78 <= decided <= 0.86


def test_a_verdict_is_of_all_tests_of_its_preset():
    runs = [run("cd", "gap", HIGH), run("icd", "gap", LOW)]
    alone = judge_test(PAIRED, runs)
    assert alone.verdict == REPRODUCED and alone.statistic["p"] == alone.statistic["p_holm"]
    many = decide([examine(PAIRED, runs)] * 40)
    assert {judged.verdict for judged in many} == {UNDECIDED}
    assert many[0].statistic["p_holm"] == pytest.approx(40 * alone.statistic["p"], rel=1e-9)
