"""What each rule makes of runs: which seeds count, what flips a verdict, and what allows none."""

import math

import pytest
from reproduction_runs import HIGH, LOW, PAIRED, judge_test, run
from scipy import stats

from ebmrepro.reproduction.decision import (
    CONTRADICTED,
    NO_DIFFERENCE,
    NOT_MEASURED,
    REPRODUCED,
    UNDECIDED,
    decide,
)
from ebmrepro.reproduction.judgement import examine
from ebmrepro.reproduction.rules import ExactComparison, LowerBound, Margin, Survival

BOUND = LowerBound(
    kind="lower_bound",
    experiment="digits",
    objective="icd",
    metric="ratio",
    threshold=0.1,
    minimum_seeds=2,
)
EXACT = ExactComparison(
    kind="exact_comparison", experiment="digits", metric="calls", better="lower", method="icd", baseline="cd"
)
SURVIVAL = Survival(kind="survival", experiment="digits", method="icd", baseline="cd", minimum_seeds=3)


def gap(icd: list, cd: list, icd_diverged: dict | None = None, cd_diverged: dict | None = None, rule=PAIRED):
    return judge_test(rule, [run("cd", "gap", cd, cd_diverged), run("icd", "gap", icd, icd_diverged)])


@pytest.mark.parametrize("better", ["lower", "higher"])
def test_a_comparison_is_a_paired_t_test(better):
    icd, cd = [0.3, 1.2, 0.7, 0.4, 1.1], [1.0, 1.9, 1.6, 0.8, 1.9]
    found = gap(icd, cd, rule=PAIRED.model_copy(update={"better": better}))
    truth = stats.ttest_rel(icd, cd)
    assert found.statistic["p"] == pytest.approx(truth.pvalue, rel=1e-9) and truth.pvalue < 0.05
    assert found.verdict == (REPRODUCED if better == "lower" else CONTRADICTED)
    interval = truth.confidence_interval(0.95)
    assert found.statistic["interval"] == pytest.approx(tuple(interval), rel=1e-9)
    assert found.statistic["effect_is"] == "mean difference icd − cd in gap"
    assert found.measured["cd"]["mean"] == pytest.approx(1.44)


def test_pairing_matters():
    # Seeds differ far more than methods: unpaired nothing would be seen.
    icd, cd = [1.0, 10.0, 100.0], [1.9, 11.0, 101.1]
    assert stats.ttest_ind(icd, cd).pvalue > 0.4
    assert gap(icd, cd).verdict == REPRODUCED


def test_what_flips_the_paired_verdict():
    assert gap(LOW, HIGH).verdict == REPRODUCED
    assert gap(HIGH, LOW).verdict == CONTRADICTED
    assert gap([1.0, 1.0, 1.0], [1.1, 1.0, 6.0]).verdict == UNDECIDED, "right direction, not significant"
    near = gap([1.0, 1.0, 1.0, 1.0], [1.1, 0.9, 1.05, 0.95])
    assert near.verdict == NO_DIFFERENCE and "within ±0.5" in near.reason
    strict = PAIRED.model_copy(update={"margin": Margin(absolute=0.01)})
    assert gap([1.0, 1.0, 1.0, 1.0], [1.1, 0.9, 1.05, 0.95], rule=strict).verdict == UNDECIDED


def test_a_relative_margin_is_of_the_baseline():
    rule = PAIRED.model_copy(update={"margin": Margin(relative=0.1)})
    assert gap([10.0] * 4, [10.2, 9.8, 10.1, 9.9], rule=rule).statistic["margin"] == pytest.approx(1.0)
    # Of its size: a margin is never negative.
    assert gap([-10.0] * 4, [-10.2, -9.8, -10.1, -9.9], rule=rule).statistic["margin"] == pytest.approx(1.0)


def test_exact_numbers_decide_by_themselves():
    def evaluations(icd: list, cd: list, diverged: dict | None = None, better: str = "lower"):
        rule = EXACT.model_copy(update={"better": better})
        return judge_test(rule, [run("cd", "calls", cd), run("icd", "calls", icd, diverged)])

    found = evaluations([10.0, 10.0], [24.0, 24.0, 24.0])
    assert (found.verdict, found.reason) == (REPRODUCED, "exact: as claimed")
    assert (found.statistic["effect"], found.statistic["p"]) == (-14, None)
    assert found.statistic["effect_is"] == "difference icd − cd in calls"
    assert evaluations([10.0], [24.0]).verdict == REPRODUCED, "one seed says it all"
    assert evaluations([24.0], [10.0]).verdict == CONTRADICTED
    assert evaluations([24.0], [10.0], better="higher").verdict == REPRODUCED
    assert evaluations([0.1 + 0.2], [0.3]).verdict == NO_DIFFERENCE
    # A seed that diverged later cost the same before.
    ended = evaluations([10.0, 10.0], [24.0, 24.0], {1: 5})
    assert ended.verdict == REPRODUCED and ended.measured["icd"]["values"] == {"0": 10.0, "1": 10.0}
    several = evaluations([10.0, 11.0], [24.0, 24.0])
    assert (
        several.verdict == NOT_MEASURED and "calls of run x_icd differs from seed to seed" in several.reason
    )
    assert "0 seeds of run x_icd, the rule needs 1" in evaluations([], [24.0]).reason


def test_what_is_exact_takes_no_part_in_the_adjustment():
    runs = [run("cd", "gap", HIGH), run("icd", "gap", LOW)]
    calls = [run("cd", "calls", [24.0], name="a"), run("icd", "calls", [10.0], name="b")]
    exact = examine(EXACT.model_copy(update={"method": "b", "baseline": "a"}), calls)
    alone, beside = decide([examine(PAIRED, runs)]), decide([exact, examine(PAIRED, runs), exact])
    assert beside[1] == alone[0] and beside[0].verdict == beside[2].verdict == REPRODUCED
    # Its row has the keys of every other.
    assert beside[0].statistic.keys() == alone[0].statistic.keys()


def test_too_little_to_judge_is_not_measured():
    one = gap([1.0], [2.0])
    assert one.verdict == NOT_MEASURED and one.reason == "1 seed in both runs, the rule needs 2"
    assert one.measured["cd"]["values"] == {"0": 2.0}, "what there is, is shown"
    assert gap([1.0, None, 1.0], [2.0, 3.0, 4.0]).verdict == NOT_MEASURED
    assert gap([1.0, math.inf, 1.0], [2.0, 3.0, 4.0]).verdict == NOT_MEASURED
    only_cd = judge_test(PAIRED, [run("cd", "gap", [1.0, 2.0])])
    assert only_cd.verdict == NOT_MEASURED and "no run with objective icd" in only_cd.reason
    elsewhere = [run("cd", "gap", [2.0, 3.0]), run("icd", "gap", [1.0, 1.5], experiment="other")]
    assert judge_test(PAIRED, elsewhere).verdict == NOT_MEASURED
    twice = [run("cd", "gap", [2.0, 3.0]), run("icd", "gap", [1.0, 1.5]), run("icd", "gap", [1.0, 1.5])]
    assert "2 runs" in judge_test(PAIRED, twice).reason


def test_of_two_runs_with_one_objective_the_method_tells_which_is_meant():
    other = run("icd", "gap", [9.0] * 4, name="consistent")._replace(method="icd_consistent")
    meant = run("icd", "gap", LOW)._replace(method="icd")
    found = judge_test(PAIRED, [run("cd", "gap", HIGH), other, meant])
    assert found.verdict == REPRODUCED and found.measured["icd"]["run"] == meant.run


@pytest.mark.parametrize(
    ("icd", "cd", "reason"),
    [
        ([1.0, 2.0, 3.0], [2.0, 3.0, 4.0], "not independent repetitions"),
        # By rounding these differences have a standard deviation of 5e-17 and a p of 6e-33.
        ([0.1, 0.2, 0.3], [0.4, 0.5, 0.6], "not independent repetitions"),
        ([1.0, 1.0, 1.0], [1.0, 1.0, 1.0], "does not tell them apart"),
        ([0.3, 0.3, 0.3], [0.1 + 0.2] * 3, "does not tell them apart"),
    ],
)
def test_identical_seeds_and_differences_by_rounding_decide_nothing(icd, cd, reason):
    found = gap(icd, cd)
    assert found.verdict == NOT_MEASURED and reason in found.reason


def test_who_diverges_first_loses_the_pair():
    values = [1.0] * 6, [2.0, 2.1, 1.9, 2.2, 2.3, 2.4]
    assert gap(*values, cd_diverged={1: 40}).statistic["effect"] == 1
    # Its metric is better, but it describes a shorter training.
    for diverged, share in (
        ({"icd_diverged": {1: 40}}, 5 / 6),
        ({"icd_diverged": {1: 40}, "cd_diverged": {1: 41}}, 5 / 6),
        ({"icd_diverged": {1: 40}, "cd_diverged": {1: 39}}, 1),
    ):
        assert gap(*values, **diverged).statistic["effect"] == pytest.approx(share)
    tied = gap(*values, icd_diverged={1: 40}, cd_diverged={1: 40})
    assert "sign test, 5 of 5" in tied.reason, "who diverges together is a tie"
    assert "diverged: icd with seeds 1 and cd with seeds 1" in tied.reason


def test_the_sign_test_decides_where_seeds_diverged():
    worse = [50.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    better = [0.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    found = gap(worse, better, cd_diverged={0: 20})
    # Six of six: 2 / 64.
    assert found.statistic["p"] == pytest.approx(2 / 64) and found.verdict == REPRODUCED
    assert gap(worse, better, icd_diverged={0: 20}).verdict == UNDECIDED
    lost = gap(better, worse, icd_diverged=dict.fromkeys(range(6), 3))
    assert lost.verdict == CONTRADICTED and lost.statistic["interval"][1] < 0.5
    few = gap([1.0] * 3, [2.0] * 3, cd_diverged={0: 5, 1: 6, 2: 7})
    assert few.verdict == UNDECIDED and few.statistic["seeds_needed"] == 6


def test_seeds_that_only_one_run_has_take_no_part():
    found = gap(LOW, [*HIGH, 0.0], cd_diverged={4: 3})
    assert "t(3)" in found.reason and found.verdict == REPRODUCED


def survived(icd_diverged: dict, cd_diverged: dict, seeds: int = 3, rule=SURVIVAL):
    ends = lambda diverged: [float(diverged.get(seed, 600)) for seed in range(seeds)]  # noqa: E731
    runs = [
        run("icd", "iterations_survived", ends(icd_diverged), icd_diverged),
        run("cd", "iterations_survived", ends(cd_diverged), cd_diverged),
    ]
    return judge_test(rule, runs)


def test_survival_is_judged_by_when_seeds_diverge_and_not_by_how_many():
    # All of both die, one group long before the other: 2 of C(8, 4) = 70 ways.
    late, early = {0: 500, 1: 510, 2: 520, 3: 530}, {0: 5, 1: 6, 2: 7, 3: 8}
    found = survived(late, early, 4)
    assert found.statistic["p"] == pytest.approx(2 / 70) and found.verdict == REPRODUCED
    assert found.statistic["effect"] < 1 and found.measured["cd"]["diverged"]["0"] == 5
    assert survived(early, late, 4).verdict == CONTRADICTED
    assert survived({}, early, 4).verdict == REPRODUCED
    # A single death of the method refutes nothing by itself.
    one = survived({3: 50}, {seed: 5 + seed for seed in range(10)}, 10)
    assert one.verdict == REPRODUCED and one.statistic["effect"] < 1


def test_three_seeds_never_decide_survival():
    every = survived({}, {0: 5, 1: 6, 2: 7})
    assert every.statistic["p"] == pytest.approx(0.1) and every.verdict == UNDECIDED
    assert every.statistic["seeds_needed"] >= 4


def test_where_nothing_dies_survival_is_undecided_however_many_seeds():
    for seeds in (3, 40):
        both = survived({}, {}, seeds)
        assert both.verdict == UNDECIDED and both.statistic["seeds_needed"] is None
        assert "no seed of icd or cd diverged or collapsed: nothing here to survive" in both.reason


def test_a_collapse_is_a_death_where_it_happened():
    early, seeds = {0: 5, 1: 6, 2: 7, 3: 8}, 4
    baseline = run("cd", "iterations_survived", [float(at) for at in early.values()])
    method = run("icd", "iterations_survived", [600.0] * seeds)
    # Whoever collapsed went on to the end, and did not survive.
    found = judge_test(SURVIVAL, [method, baseline._replace(collapsed=early)])
    assert found.verdict == REPRODUCED and found.statistic["p"] == pytest.approx(2 / 70)
    assert "died 0 of 4 and 4 of 4" in found.reason
    assert "collapsed: cd with seeds 0, 1, 2, 3" in found.reason
    same = judge_test(SURVIVAL, [method, baseline._replace(diverged=early)])
    assert same.statistic == found.statistic


def test_survival_needs_its_seeds_and_its_runs():
    assert survived({}, {0: 5, 1: 6}, 2).verdict == NOT_MEASURED
    alone = judge_test(SURVIVAL, [run("icd", "gap", [1.0] * 3)])
    assert alone.verdict == NOT_MEASURED and "no run with objective cd" in alone.reason


def test_a_run_is_selected_by_its_name_before_its_objective():
    runs = [
        run("cd", "gap", HIGH, name="plain"),
        run("icd", "gap", LOW, name="full"),
        run("icd", "gap", [9.0, 9.1, 9.2, 9.3], name="other"),
    ]
    named = PAIRED.model_copy(update={"method": "full", "baseline": "plain"})
    found = judge_test(named, runs)
    assert found.verdict == REPRODUCED
    assert {key: value["run"] for key, value in found.measured.items()} == {"full": "full", "plain": "plain"}
    worse = judge_test(named.model_copy(update={"method": "other"}), runs)
    assert worse.verdict == CONTRADICTED and worse.measured["other"]["mean"] == pytest.approx(9.15)
    assert "2 runs" in judge_test(PAIRED, runs).reason
    unknown = judge_test(named.model_copy(update={"method": "fulll"}), runs)
    assert unknown.verdict == NOT_MEASURED and "no run fulll" in unknown.reason
    # A run that is called like an objective is meant by that word, whatever its objective.
    twins = [run("icd", "ratio", [0.2, 0.3]), run("cd", "ratio", [0.01, 0.02], name="icd")]
    assert judge_test(BOUND, twins).measured["icd"]["mean"] == pytest.approx(0.015)
    # A run of another experiment is not, even by its name.
    elsewhere = [run("icd", "gap", [1.0] * 3, name="full", experiment="other"), runs[0]]
    assert judge_test(named, elsewhere).verdict == NOT_MEASURED


def test_what_flips_the_lower_bound():
    def bound(values: list, rule=BOUND):
        return judge_test(rule, [run("icd", "ratio", values)])

    high = bound([0.25, 0.3, 0.35])
    assert high.verdict == REPRODUCED
    assert high.statistic["p"] == pytest.approx(stats.ttest_1samp([0.25, 0.3, 0.35], 0.1).pvalue, rel=1e-9)
    # The mean 0.3 is above the threshold, but not by so much.
    assert bound([0.1, 0.3, 0.5]).verdict == UNDECIDED
    assert bound([0.01, 0.02, 0.03]).verdict == CONTRADICTED
    assert bound([0.25, 0.3, 0.35], BOUND.model_copy(update={"threshold": 0.2})).verdict == UNDECIDED
    # Three exact values at the threshold are no evidence that it is passed.
    assert bound([0.1, 0.1, 0.1]).verdict == NOT_MEASURED
    assert bound([0.1, 0.1 + 1e-17, 0.1]).verdict == NOT_MEASURED
    assert bound([0.3 - 0.2] * 3).verdict == NOT_MEASURED, "0.3 - 0.2 is 0.1 but for rounding"
    one = bound([0.2])
    assert one.verdict == NOT_MEASURED and "1 seed" in one.reason
    assert judge_test(BOUND, [run("cd", "ratio", [0.2, 0.3])]).verdict == NOT_MEASURED
    assert bound([0.2, None, 0.3]).verdict == NOT_MEASURED


def test_a_bound_passed_by_the_same_with_every_seed_is_a_sign_test():
    """No spread, no t-test; but all seeds on one side have probability 2 / 2^n if either is as likely."""
    for seeds, p, verdict in ((3, 2 / 8, UNDECIDED), (6, 2 / 64, REPRODUCED)):
        found = judge_test(BOUND, [run("icd", "ratio", [1.0] * seeds)])
        assert found.statistic["p"] == pytest.approx(p) and found.verdict == verdict
        assert f"sign test, {seeds} of {seeds}" in found.reason and "1 with every seed" in found.reason
    few = judge_test(BOUND, [run("icd", "ratio", [1.0] * 3)])
    assert few.statistic["seeds_needed"] == 6 and few.statistic["interval"][0] < 0.5
    assert judge_test(BOUND, [run("icd", "ratio", [0.05] * 6)]).verdict == CONTRADICTED
    lost = judge_test(BOUND, [run("icd", "ratio", [1.0] * 4, {1: 7})])
    assert "sign test, 3 of 3" in lost.reason and "diverged and left out: seeds 1" in lost.reason


def test_a_share_that_is_the_same_with_every_seed_is_known_as_well_as_its_draws_are():
    share = BOUND.model_copy(update={"share": True})

    def bound(values: list, draws: int | None):
        return judge_test(share, [run("icd", "ratio", values)._replace(draws=draws)])

    found = bound([1.0] * 3, 48)
    assert found.verdict == REPRODUCED and found.statistic["p"] < 0.001
    # The interval of three seeds at the deviation of 145 / 146 over 48 draws.
    width = stats.t.isf(0.025, 2) * math.sqrt(145 / 146**2 / 48 / 3)
    assert found.statistic["interval"] == pytest.approx((1 - width, 1 + width), rel=1e-9)
    assert bound([1.0] * 3, 1).verdict == UNDECIDED, "one sample a seed says little"
    assert bound([0.0] * 3, 480).verdict == CONTRADICTED
    # Seeds that differ more than their draws are judged by what they show.
    wide = [0.2, 0.5, 0.9]
    assert bound(wide, 48).statistic == judge_test(BOUND, [run("icd", "ratio", wide)]).statistic
    assert "no number of samples" in bound(wide, None).reason
    assert "1.2 is no share" in bound([0.9, 1.2], 48).reason


def test_lower_bound_leaves_diverged_seeds_out():
    found = judge_test(BOUND, [run("icd", "ratio", [0.2, 99.0, 0.21, 0.22], {1: 7})])
    assert found.verdict == REPRODUCED and found.statistic["effect"] == pytest.approx(0.21)
    assert "diverged and left out: seeds 1" in found.reason
    few = judge_test(BOUND, [run("icd", "ratio", [0.2, 99.0, 0.4], {1: 7, 2: 8})])
    assert few.verdict == NOT_MEASURED
