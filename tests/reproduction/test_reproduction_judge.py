"""Verdicts against statistics computed by hand and by scipy, and cases that must flip them."""

import math

import pytest
from reproduction_runs import PAIRED, run
from scipy import stats

from ebmrepro.reproduction.judgement import NOT_MEASURED, NOT_REPRODUCED, REPRODUCED, judge_test
from ebmrepro.reproduction.rules import LowerBound, Survival

BOUND = LowerBound(
    kind="lower_bound",
    experiment="digits",
    objective="icd",
    metric="ratio",
    threshold=0.1,
    alpha=0.05,
    minimum_seeds=2,
)
SURVIVAL = Survival(
    kind="survival", experiment="digits", method="icd", baseline="cd", alpha=0.05, minimum_seeds=3
)


def gap(icd: list, cd: list, icd_diverged: dict | None = None, cd_diverged: dict | None = None, rule=PAIRED):
    return judge_test(rule, [run("cd", "gap", cd, cd_diverged), run("icd", "gap", icd, icd_diverged)])


def test_paired_t_by_hand():
    # Differences -1, -2, -3: mean -2, sd 1, t = -2 / (1 / sqrt 3) = -3.4641, 2 degrees of freedom. There
    # the t distribution is closed form: P(T < t) = 1/2 + t / (2 sqrt(2 + t^2)).
    found = gap([1.0, 1.0, 1.0], [2.0, 3.0, 4.0])
    t = -2 * math.sqrt(3)
    p = 0.5 + t / (2 * math.sqrt(2 + t**2))
    assert found.verdict == REPRODUCED
    assert found.statistic["t"] == pytest.approx(t, rel=1e-12)
    assert found.statistic["p"] == pytest.approx(p, rel=1e-9)
    assert found.statistic["mean_difference"] == -2
    assert found.measured["cd"]["mean"] == 3 and found.measured["cd"]["sd"] == 1


@pytest.mark.parametrize("better", ["lower", "higher"])
def test_paired_t_is_scipys(better):
    icd, cd = [0.3, 1.2, 0.7, 0.9, 1.1], [1.0, 1.3, 1.6, 0.8, 1.9]
    found = gap(icd, cd, rule=PAIRED.model_copy(update={"better": better}))
    truth = stats.ttest_rel(icd, cd, alternative="less" if better == "lower" else "greater")
    assert (found.statistic["t"], found.statistic["p"]) == pytest.approx(tuple(truth), rel=1e-12)
    assert found.verdict == (REPRODUCED if truth.pvalue <= 0.05 else NOT_REPRODUCED)


def test_divergence_does_not_touch_what_counts_all_the_same():
    rule = PAIRED.model_copy(update={"diverged": "counts"})
    values = ([1.0, 1.0, 1.0], [2.0, 3.0, 4.0])
    whole = gap(*values)
    for diverged in ({"icd_diverged": {0: 5}}, {"cd_diverged": {0: 5, 1: 5, 2: 5}}):
        found = gap(*values, **diverged, rule=rule)
        assert (found.verdict, found.statistic) == (REPRODUCED, whole.statistic)
        assert found.measured["icd"]["values"] == {"0": 1.0, "1": 1.0, "2": 1.0}
        # By survival the first is lost, and the second won whatever was measured.
        assert gap(*values, **diverged).statistic != whole.statistic
    slower = gap(*reversed(values), cd_diverged={0: 5, 1: 5, 2: 5}, rule=rule)
    assert slower.verdict == NOT_REPRODUCED
    assert gap([], [], rule=rule).verdict == NOT_MEASURED
    assert "diverged count like the others" in rule.words() and "Fisher" not in rule.words()
    assert "Fisher" in PAIRED.words()


def test_pairing_matters():
    # Seeds differ far more than methods: unpaired nothing would be seen.
    icd, cd = [1.0, 10.0, 100.0], [1.9, 11.0, 101.1]
    assert stats.ttest_ind(icd, cd, alternative="less").pvalue > 0.4
    assert gap(icd, cd).verdict == REPRODUCED


def test_what_flips_the_paired_verdict():
    assert gap([1.0, 1.0, 1.0], [2.0, 3.0, 4.0]).verdict == REPRODUCED
    assert gap([2.0, 3.0, 4.0], [1.0, 1.0, 1.0]).verdict == NOT_REPRODUCED, "the wrong direction"
    assert gap([1.0, 1.0, 1.0], [1.1, 1.0, 6.0]).verdict == NOT_REPRODUCED, "right direction, not significant"
    strict = PAIRED.model_copy(update={"alpha": 0.03})
    assert gap([1.0, 1.0, 1.0], [2.0, 3.0, 4.0], rule=strict).verdict == NOT_REPRODUCED, "p is 0.037"


def test_too_little_to_judge_is_not_measured():
    one = gap([1.0], [2.0])
    assert one.verdict == NOT_MEASURED and one.reason == "1 seed in both runs, the rule needs 2"
    assert gap([1.0, None, 1.0], [2.0, 3.0, 4.0]).verdict == NOT_MEASURED
    assert gap([1.0, math.inf, 1.0], [2.0, 3.0, 4.0]).verdict == NOT_MEASURED
    only_cd = judge_test(PAIRED, [run("cd", "gap", [1.0, 2.0])])
    assert only_cd.verdict == NOT_MEASURED and "no run with objective icd" in only_cd.reason
    elsewhere = [run("cd", "gap", [2.0, 3.0]), run("icd", "gap", [1.0, 1.5], experiment="other")]
    assert judge_test(PAIRED, elsewhere).verdict == NOT_MEASURED
    twice = [run("cd", "gap", [2.0, 3.0]), run("icd", "gap", [1.0, 1.5]), run("icd", "gap", [1.0, 1.5])]
    assert "2 runs" in judge_test(PAIRED, twice).reason
    same = gap([1.0, 2.0, 3.0], [2.0, 3.0, 4.0])
    assert same.verdict == NOT_MEASURED and "not independent repetitions" in same.reason
    ceiling = gap([1.0, 1.0, 1.0], [1.0, 1.0, 1.0])
    assert ceiling.verdict == NOT_MEASURED and "this task does not tell them apart" in ceiling.reason


def test_a_method_seed_that_diverges_no_later_than_its_partner_refutes():
    # Without the pair of seed 1 the t-test would still succeed.
    good = ([1.0, 1.0, 1.0, 1.0], [2.0, 9.0, 3.0, 4.0])
    assert gap(*good, cd_diverged={1: 40}).verdict == REPRODUCED
    assert gap(*good, icd_diverged={1: 40}).verdict == NOT_REPRODUCED
    assert gap(*good, icd_diverged={1: 40}, cd_diverged={1: 40}).verdict == NOT_REPRODUCED
    assert gap(*good, icd_diverged={1: 40}, cd_diverged={1: 41}).verdict == NOT_REPRODUCED
    assert gap(*good, icd_diverged={1: 40}, cd_diverged={1: 39}).verdict == REPRODUCED
    assert "icd seed 1 diverged at iteration 40" in gap(*good, icd_diverged={1: 40}).reason


def test_a_baseline_seed_that_diverges_first_is_won_and_leaves_the_t_test():
    # With its meaningless value the pair of seed 1 would ruin the test; without it p is 0.037.
    icd, cd = [1.0, 50.0, 1.0, 1.0], [2.0, 0.0, 3.0, 4.0]
    assert gap(icd, cd).verdict == NOT_REPRODUCED
    found = gap(icd, cd, cd_diverged={1: 20})
    assert found.verdict == REPRODUCED and found.statistic["seeds"] == [0, 2, 3]
    truth = stats.ttest_rel([1.0, 1.0, 1.0], [2.0, 3.0, 4.0], alternative="less")
    assert found.statistic["p"] == pytest.approx(truth.pvalue, rel=1e-12)
    later = gap(icd, cd, icd_diverged={1: 21}, cd_diverged={1: 20})
    assert later.verdict == REPRODUCED and later.measured["icd"]["diverged"] == {"1": 21}


def test_survival_decides_when_too_few_pairs_are_left():
    values = [1.0, 1.0, 1.0]
    every = gap(values, values, cd_diverged={0: 5, 1: 6, 2: 7})
    # All three of one side, none of the other: 1 of the C(6, 3) = 20 ways.
    assert every.statistic["p"] == pytest.approx(1 / 20, abs=1e-12) and every.verdict == REPRODUCED
    two = gap(values, values, cd_diverged={0: 5, 1: 6})
    assert two.statistic["p"] == pytest.approx(4 / 20, abs=1e-12) and two.verdict == NOT_REPRODUCED
    both = gap(values, values, {0: 9, 1: 9, 2: 9}, {0: 5, 1: 6, 2: 7})
    assert both.statistic["p"] == 1 and both.verdict == NOT_REPRODUCED


def survived(icd_diverged: dict, cd_diverged: dict, seeds: int = 3, rule=SURVIVAL):
    trained = [600.0] * seeds
    runs = [
        run("icd", "iterations_survived", trained, icd_diverged),
        run("cd", "iterations_survived", trained, cd_diverged),
    ]
    return judge_test(rule, runs)


def test_survival_of_three_against_none_is_the_least_that_decides():
    every = survived({}, {0: 5, 1: 6, 2: 7})
    # All three of one side, none of the other: 1 of the C(6, 3) = 20 ways, exactly alpha.
    assert every.statistic["p"] == 1 / 20 and every.verdict == REPRODUCED
    assert every.measured["cd"]["diverged"] == {"0": 5, "1": 6, "2": 7}
    two = survived({}, {0: 5, 1: 6})
    assert two.statistic["p"] == pytest.approx(4 / 20, abs=1e-12) and two.verdict == NOT_REPRODUCED
    # Three of five against none of five: C(5, 3) / C(10, 3) = 10 / 120; four: 5 / 210.
    three = survived({}, {0: 1, 1: 1, 2: 1}, 5)
    assert three.statistic["p"] == pytest.approx(10 / 120, abs=1e-12) and three.verdict == NOT_REPRODUCED
    four = survived({}, {0: 1, 1: 1, 2: 1, 3: 1}, 5)
    assert four.statistic["p"] == pytest.approx(5 / 210, abs=1e-12) and four.verdict == REPRODUCED
    strict = SURVIVAL.model_copy(update={"alpha": 0.04})
    assert survived({}, {0: 5, 1: 6, 2: 7}, rule=strict).verdict == NOT_REPRODUCED


def test_survival_of_both_and_death_of_the_method_refute():
    both = survived({}, {})
    assert both.verdict == NOT_REPRODUCED and both.statistic["p"] == 1
    assert "no seed of cd diverged either" in both.reason
    assert both.measured["cd"]["mean"] == 600
    # Ten of ten against one of ten is far below alpha, and still the method did not survive.
    own = survived({3: 50}, dict.fromkeys(range(10), 5), 10)
    assert own.statistic["p"] < 0.05 and own.verdict == NOT_REPRODUCED
    assert own.reason == "icd diverged: seed 3 at iteration 50"


def test_survival_needs_its_seeds_and_its_runs():
    assert survived({}, {0: 5, 1: 6}, 2).verdict == NOT_MEASURED
    alone = judge_test(SURVIVAL, [run("icd", "gap", [1.0] * 3)])
    assert alone.verdict == NOT_MEASURED and "no run with objective cd" in alone.reason
    # Only seeds that both have count.
    runs = [
        run("icd", "gap", [1.0] * 3),
        run("cd", "gap", [1.0] * 5, {0: 1, 1: 1, 2: 1, 3: 1, 4: 1}),
    ]
    assert judge_test(SURVIVAL, runs).statistic["seeds"] == [0, 1, 2]
    assert judge_test(SURVIVAL, runs).verdict == REPRODUCED


def test_a_run_is_selected_by_its_name_before_its_objective():
    runs = [
        run("cd", "gap", [2.0, 3.0, 4.0], name="plain"),
        run("icd", "gap", [1.0, 1.0, 1.0], name="full"),
        run("icd", "gap", [9.0, 9.0, 9.0], name="other"),
    ]
    named = PAIRED.model_copy(update={"method": "full", "baseline": "plain"})
    found = judge_test(named, runs)
    assert found.verdict == REPRODUCED
    assert {key: value["run"] for key, value in found.measured.items()} == {"full": "full", "plain": "plain"}
    worse = judge_test(named.model_copy(update={"method": "other"}), runs)
    assert worse.verdict == NOT_REPRODUCED and worse.measured["other"]["mean"] == 9
    assert "2 runs" in judge_test(PAIRED, runs).reason
    unknown = judge_test(named.model_copy(update={"method": "fulll"}), runs)
    assert unknown.verdict == NOT_MEASURED and "no run fulll" in unknown.reason
    # A run that is called like an objective is meant by that word, whatever its objective.
    twins = [run("icd", "ratio", [0.2, 0.3]), run("cd", "ratio", [0.01, 0.02], name="icd")]
    assert judge_test(BOUND, twins).measured["icd"]["mean"] == pytest.approx(0.015)
    # A run of another experiment is not, even by its name.
    elsewhere = [run("icd", "gap", [1.0] * 3, name="full", experiment="other"), runs[0]]
    assert judge_test(named, elsewhere).verdict == NOT_MEASURED


def test_lower_bound_by_hand():
    # 0.2, 0.3, 0.4: mean 0.3, sd 0.1; t(0.95, 2) = 2.91999 by the closed form (2p-1) sqrt(2 / (1-(2p-1)^2)).
    quantile = 0.9 * math.sqrt(2 / (1 - 0.9**2))
    found = judge_test(BOUND, [run("icd", "ratio", [0.2, 0.3, 0.4])])
    assert found.statistic["bound"] == pytest.approx(0.3 - quantile * 0.1 / math.sqrt(3), rel=1e-9)
    assert found.verdict == REPRODUCED


def test_what_flips_the_lower_bound():
    assert judge_test(BOUND, [run("icd", "ratio", [0.2, 0.3, 0.4])]).verdict == REPRODUCED
    # The mean 0.3 is above the threshold, the bound 0.3 - 2.92 * 0.2 / sqrt 3 = -0.04 is not.
    assert judge_test(BOUND, [run("icd", "ratio", [0.1, 0.3, 0.5])]).verdict == NOT_REPRODUCED
    higher = BOUND.model_copy(update={"threshold": 0.14})
    assert judge_test(higher, [run("icd", "ratio", [0.2, 0.3, 0.4])]).verdict == NOT_REPRODUCED
    one = judge_test(BOUND, [run("icd", "ratio", [0.2])])
    assert one.verdict == NOT_MEASURED and "1 seed" in one.reason
    assert judge_test(BOUND, [run("cd", "ratio", [0.2, 0.3])]).verdict == NOT_MEASURED
    assert judge_test(BOUND, [run("icd", "ratio", [0.2, None, 0.3])]).verdict == NOT_MEASURED


def test_lower_bound_leaves_diverged_seeds_out():
    found = judge_test(BOUND, [run("icd", "ratio", [0.2, 99.0, 0.21], {1: 7})])
    assert found.statistic["seeds"] == [0, 2] and "left out: seeds 1" in found.reason
    few = judge_test(BOUND, [run("icd", "ratio", [0.2, 99.0, 0.4], {1: 7, 2: 8})])
    assert few.verdict == NOT_MEASURED
