"""Effects, intervals, p and power against textbooks, closed forms and scipy."""

import math
from itertools import combinations

import numpy as np
import pytest
from scipy import integrate, stats

from ebmrepro.reproduction.evidence import Unmeasured, log_rank, sd_of_share, sign_test, t_test

# Weeks in remission of the trial of 6-mercaptopurine (Freireich et al., 1963); False: censored.
TREATED = [(t, True) for t in (6, 6, 6, 7, 10, 13, 16, 22, 23)]
TREATED += [(t, False) for t in (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)]
PLACEBO = [(t, True) for t in (1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23)]


def test_t_by_hand():
    # Differences -1, -2, -3: mean -2, sd 1, t = -2 / (1 / sqrt 3), 2 degrees of freedom. There the t
    # distribution is closed form: P(T < t) = 1/2 + t / (2 sqrt(2 + t^2)).
    found = t_test([-1.0, -2.0, -3.0], 4.0, "it", -1)
    t = -2 * math.sqrt(3)
    assert found.p == pytest.approx(2 * (0.5 + t / (2 * math.sqrt(2 + t**2))), rel=1e-9)
    assert (found.effect, found.claimed, found.p_equivalence) == (-2, True, None)
    assert "t(2) = -3.464" in found.test
    # The quantile of 0.975 in closed form: a sqrt(2 / (1 - a^2)) with a = 2 * 0.975 - 1.
    width = 0.95 * math.sqrt(2 / (1 - 0.95**2)) / math.sqrt(3)
    assert found.interval == pytest.approx((-2 - width, -2 + width), rel=1e-9)
    assert not t_test([-1.0, -2.0, -3.0], 4.0, "it", 1).claimed


@pytest.mark.parametrize("null", [0.0, 0.4])
def test_t_is_scipys(null):
    ours, theirs = np.array([0.3, 1.2, 0.7, 0.9, 1.1]), np.array([1.0, 1.3, 1.6, 0.8, 1.9])
    found = t_test(list(ours - theirs), 2.0, "it", -1, null)
    truth = stats.ttest_rel(ours - null, theirs)
    assert found.p == pytest.approx(truth.pvalue, rel=1e-9)
    assert found.effect == pytest.approx(np.mean(ours - theirs), rel=1e-12)


def test_a_standard_deviation_known_to_be_larger_is_taken():
    # Mean 2, sd 1, taken to be 3: t = 2 / (3 / sqrt 3).
    values, t = [1.0, 2.0, 3.0], 2 * math.sqrt(3) / 3
    found = t_test(values, 3.0, "it", 1, least_sd=3.0)
    assert found.p == pytest.approx(2 * (0.5 - t / (2 * math.sqrt(2 + t**2))), rel=1e-9)
    known = t_test(values, 3.0, "it", 1)
    widths = [(high - low) for low, high in (found.interval, known.interval)]
    assert widths[0] == pytest.approx(3 * widths[1], rel=1e-9)
    assert found.power(np.array([5]), 0.05) < known.power(np.array([5]), 0.05)
    # Where the values themselves show more, it changes nothing.
    assert t_test(values, 3.0, "it", 1, least_sd=0.9)[:6] == known[:6]


def test_shares_deviate_at_least_as_their_draws_do():
    # 48 of 48 three times: Laplace's estimate is 145 / 146.
    assert sd_of_share([1.0] * 3, 48) == pytest.approx(math.sqrt(145 / 146 * (1 / 146) / 48), rel=1e-12)
    assert sd_of_share([0.0] * 3, 48) == pytest.approx(sd_of_share([1.0] * 3, 48), rel=1e-12)
    # With many draws it is the binomial's own, and what independent draws show.
    assert sd_of_share([0.3, 0.5], 10**6) == pytest.approx(math.sqrt(0.4 * 0.6 / 10**6), rel=1e-5)
    shares = np.random.default_rng(0).binomial(48, 0.7, 20_000) / 48
    assert sd_of_share(list(shares), 48) == pytest.approx(shares.std(), rel=0.02)


def test_of_shares_without_an_effect_few_are_called_one():
    """Of draws at chance itself no more than a share of about 0.05 has p <= 0.05, however few they are."""
    random = np.random.default_rng(0)
    for draws, chance in ((48, 2 / 3), (48, 1 / 36), (8, 0.5)):
        shares = random.binomial(draws, chance, (2000, 3)) / draws
        found = [t_test(list(s), 1.0, "it", 1, chance, least_sd=sd_of_share(s, draws)).p for s in shares]
        assert np.mean(np.array(found) <= 0.05) < 0.06, (draws, chance)


def test_equivalence_is_two_one_sided_tests():
    # Mean 0.1, sd 0.1 of 3, margin 0.5: the nearer bound is 0.4 away, t = 0.4 / (0.1 / sqrt 3).
    found = t_test([0.0, 0.1, 0.2], 1.0, "it", 1, margin=0.5)
    t = 0.4 * math.sqrt(3) / 0.1
    assert found.p_equivalence == pytest.approx(0.5 - t / (2 * math.sqrt(2 + t**2)), rel=1e-9)
    # The effect is measured from the null, and so is the margin.
    shifted = t_test([7.0, 7.1, 7.2], 8.0, "it", 1, null=7.0, margin=0.5)
    assert shifted.p_equivalence == pytest.approx(found.p_equivalence, rel=1e-9)
    # An effect beyond the margin is no evidence of equality.
    assert t_test([1.0, 1.1, 1.2], 2.0, "it", 1, margin=0.5).p_equivalence > 0.99


def scaled(size: int, effect: float) -> list[float]:
    """Values with sd 1 and mean `effect`."""
    values = np.arange(size) - (size - 1) / 2
    return list(values / values.std(ddof=1) + effect)


@pytest.mark.parametrize(("effect", "seeds"), [(0.2, 199), (0.5, 34), (0.8, 15)])
def test_power_of_the_t_test_is_that_of_cohens_table(effect, seeds):
    """Seeds for a power of 0.8 at 0.05, two-sided, one sample: 199, 34, 15 (G*Power, Faul et al., 2007)."""
    power = t_test(scaled(12, effect), 3.0, "it", 1).power
    assert power(seeds, 0.05) >= 0.8 > power(seeds - 1, 0.05)


def test_power_of_equivalence_by_quadrature():
    """Of a true difference 0: the mean has to be nearer to 0 than the margin less t s / sqrt n."""
    margin, level, seeds = 1.0, 0.05, 12
    critical, free = stats.t.isf(level, seeds - 1), seeds - 1

    def given(spread: float) -> float:
        room = margin * math.sqrt(seeds) - critical * spread
        return (
            (2 * stats.norm.cdf(room) - 1) * stats.chi.pdf(spread * math.sqrt(free), free) * math.sqrt(free)
        )

    truth, _ = integrate.quad(given, 0, margin * math.sqrt(seeds) / critical)
    found = t_test(scaled(9, 0.0), 3.0, "it", 1, margin=margin).power(seeds, level)
    assert 0.8 < truth < 0.99 and found == pytest.approx(truth, abs=1e-4)


def test_power_far_out_is_one():
    assert t_test([100.0, 100.1, 100.2], 101.0, "it", 1).power(500, 0.001) == 1


@pytest.mark.parametrize(
    "values",
    [[0.1, 0.1, 0.1], [a - b for a, b in zip([0.1, 0.2, 0.3], [0.4, 0.5, 0.6], strict=True)], [0.0, 0.0]],
)
def test_values_that_differ_by_rounding_are_no_repetitions(values):
    with pytest.raises(Unmeasured, match="not independent repetitions"):
        t_test(values, 0.6, "it", 1)


def test_the_sign_test_is_a_sum_of_binomials():
    # 7 of 8 or more to one side: (8 + 1) / 256, twice.
    found = sign_test(7, 1, "share")
    assert found.p == pytest.approx(18 / 256, rel=1e-12)
    assert (found.effect, found.claimed) == (7 / 8, True)
    low, high = found.interval
    # Clopper and Pearson (1934): at each end the observed count has probability 0.025.
    assert stats.binom.sf(6, 8, low) == pytest.approx(0.025, rel=1e-6)
    assert stats.binom.cdf(7, 8, high) == pytest.approx(0.025, rel=1e-6)
    assert not sign_test(1, 7, "share").claimed and sign_test(4, 4, "share").p == 1
    with pytest.raises(Unmeasured, match="tie"):
        sign_test(0, 0, "share")


def test_power_of_the_sign_test():
    # All pairs of one side: 2 / 2^n <= 0.05 from n = 6 on.
    every = sign_test(5, 0, "share").power
    assert (every(5, 0.05), every(6, 0.05)) == (0, 1)
    # At n = 6 only 6 of 6 is significant: 0.8^6.
    assert sign_test(4, 1, "share").power(6, 0.05) == pytest.approx(0.8**6, rel=1e-9)


def test_log_rank_is_that_of_the_textbook_and_of_scipy():
    """Observed 9 and expected 19.25 relapses of the treated, chi-squared 16.79 (Lawless, 1982)."""
    found = log_rank(TREATED, PLACEBO, "hazard")
    variance = (9 - 19.25) ** 2 / 16.79
    assert found.effect == pytest.approx(math.exp((9 - 19.25) / variance), rel=2e-3)
    sample = [
        stats.CensoredData(uncensored=[t for t, e in g if e], right=[t for t, e in g if not e])
        for g in (TREATED, PLACEBO)
    ]
    z = stats.logrank(*sample).statistic
    # The interval's width has V and the effect O - E over V: together they are scipy's statistic.
    low, high = map(math.log, found.interval)
    root = 2 * stats.norm.isf(0.025) / (high - low)
    assert math.log(found.effect) * root == pytest.approx(z, rel=1e-9)
    assert found.claimed and found.p < 1e-3
    assert found.test == "log-rank test, died 9 of 21 and 21 of 21"


def test_log_rank_of_few_is_exact():
    """All 20 ways to choose three of six, and their log-rank statistics by scipy."""
    ends = [(5, True), (9, True), (9, False), (2, True), (3, True), (7, True)]

    def statistic(chosen) -> float:
        groups = [[end for i, end in enumerate(ends) if (i in chosen) == side] for side in (True, False)]
        data = [
            stats.CensoredData(uncensored=[t for t, e in g if e], right=[t for t, e in g if not e])
            for g in groups
        ]
        return stats.logrank(*data).statistic

    every = [statistic(chosen) for chosen in combinations(range(6), 3)]
    own = statistic((0, 1, 2))
    # z has another variance in each way; the scores' order is what permutes, checked by O - E below.
    found = log_rank(ends[:3], ends[3:], "hazard")
    as_far = sum(value <= own + 1e-12 for value in every)
    assert own < 0 and found.p == pytest.approx(2 * as_far / 20, abs=1e-12)
    # Three against three can never be significant, whatever happens: 2 of 20 ways.
    assert log_rank([(9, False)] * 3, [(1, True), (2, True), (3, True)], "hazard").p == pytest.approx(0.1)


def test_log_rank_without_a_death_says_nothing():
    found = log_rank([(9, False)] * 3, [(9, False)] * 3, "hazard")
    assert (found.p, found.effect, found.interval, found.power) == (1, None, None, None)


def test_power_of_the_log_rank_test_is_schoenfelds():
    """Deaths = 4 (z_0.975 + z_0.8)^2 / (ln HR)^2: for a hazard ratio of 1/2 these are 65.3."""
    found = log_rank(TREATED, PLACEBO, "hazard")
    deaths = 4 * (stats.norm.isf(0.025) + stats.norm.isf(0.2)) ** 2 / math.log(found.effect) ** 2
    seeds = deaths / (2 * 30 / 42)
    assert found.power(math.ceil(seeds), 0.05) >= 0.8 > found.power(math.floor(seeds), 0.05)
    assert 4 * (stats.norm.isf(0.025) + stats.norm.isf(0.2)) ** 2 / math.log(2) ** 2 == pytest.approx(
        65.3, abs=0.1
    )
