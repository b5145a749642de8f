"""The statistics of verdicts: effect, confidence interval, p and power of each test. decision.py decides.

Every p is two-sided: a claim may turn out true, or the other way. Intervals are two-sided at 1 - ALPHA, each
for itself.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

# The level of every decision, after Holm's adjustment over the tests of a preset.
ALPHA = 0.05
# Values that differ by less than this share of their size differ by rounding.
ROUNDING = 1e-9
# Log-rank scores are permuted in every way up to this many ways, and that many times at random beyond.
PERMUTATIONS = 20_000


class Unmeasured(Exception):
    """The data do not allow the test; the message says why."""


class Evidence(NamedTuple):
    """What a test found: `effect` in the words of `what`, its `interval`, two-sided `p`.

    `claimed`: the effect is on the claim's side. `margin`, `p_equivalence`: of two one-sided tests
    that the effect is within +-margin; None where no margin is stated. `power`: the probability to tell this
    effect from none, or from one as large as the margin, by numbers of seeds at a level; None: not known.
    """

    test: str
    what: str
    effect: float | None
    interval: tuple[float, float] | None
    claimed: bool
    p: float
    power: Callable[[np.ndarray, float], np.ndarray] | None
    margin: float | None = None
    p_equivalence: float | None = None


class Exact(NamedTuple):
    """A difference of two exact numbers: `claimed` if it is on the claim's side, None if there is none."""

    what: str
    effect: float
    claimed: bool | None


def t_test(
    values: Sequence[float],
    size: float,
    what: str,
    sign: int,
    null: float = 0.0,
    margin: float | None = None,
    least_sd: float = 0.0,
) -> Evidence:
    """Student's t for the mean of `values` against `null`; the claim is sign * (mean - null) > 0.

    `size`: of the numbers that `values` were computed from, by which rounding is known. `least_sd`: what the
    standard deviation is known to be at least, and is taken to be where `values` show less. Two one-sided
    t-tests (Schuirmann, 1987) for an effect within +-margin. Raises Unmeasured if there is no deviation.
    """
    count, mean = len(values), float(np.mean(values))
    sd = max(float(np.std(values, ddof=1)), least_sd)
    if sd <= ROUNDING * size:
        raise Unmeasured(f"{what} is {values[0]:.4g} with every seed: these are not independent repetitions")
    error, student, shift = sd / math.sqrt(count), stats.t(count - 1), mean - null
    statistic, width = shift / error, student.isf(ALPHA / 2) * error
    p_equivalence = None
    if margin is not None:
        p_equivalence = float(
            max(student.sf((shift + margin) / error), student.cdf((shift - margin) / error))
        )

    def power(seeds: np.ndarray, level: float) -> np.ndarray:
        free, root = seeds - 1, np.sqrt(seeds) / sd
        told = _reach(stats.t.isf(level / 2, free), free, abs(shift) * root)
        if margin is None or abs(shift) >= margin:
            return told
        critical = stats.t.isf(level, free)
        sides = [_reach(critical, free, (margin + side * shift) * root) for side in (1, -1)]
        return np.maximum(told, sides[0] + sides[1] - 1)

    test = f"t({count - 1}) = {statistic:.3f}"
    bounds = (float(mean - width), float(mean + width))
    p = float(2 * student.sf(abs(statistic)))
    return Evidence(test, what, mean, bounds, sign * shift > 0, p, power, margin, p_equivalence)


def sd_of_share(shares: Sequence[float], draws: int) -> float:
    """What the standard deviation between `shares` of `draws` draws each is at least: the binomial's.

    At a probability that is never 0 or 1: (successes + 1) / (draws + 2) of all draws together, by Laplace's
    rule. Draws of one seed may be more alike than independent ones, never less so. Raises Unmeasured if a
    share is not from 0 to 1.
    """
    if not all(0 <= share <= 1 for share in shares):
        raise Unmeasured(f"{max(shares, key=abs):.4g} is no share")
    total = draws * len(shares)
    chance = (draws * math.fsum(shares) + 1) / (total + 2)
    return math.sqrt(chance * (1 - chance) / draws)


def _reach(critical: np.ndarray, free: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """P(T > critical) of a noncentral t. Far out, where its function fails, it is the normal's."""
    found = stats.nct.sf(critical, free, shift)
    return np.where(np.isfinite(found), found, stats.norm.sf(critical - shift))


def sign_test(won: int, lost: int, what: str) -> Evidence:
    """The exact sign test of counts without ties, 0 or more; raises Unmeasured if both are 0."""
    if not won + lost:
        raise Unmeasured("every pair is a tie")
    found = stats.binomtest(won, won + lost)
    low, high = found.proportion_ci(1 - ALPHA)
    share = won / (won + lost)

    def power(seeds: np.ndarray, level: float) -> np.ndarray:
        # The least count of pairs of one side that is significant.
        critical = stats.binom.isf(level / 2, seeds, 0.5) + 1
        return stats.binom.sf(critical - 1, seeds, max(share, 1 - share))

    test = f"sign test, {won} of {won + lost}"
    return Evidence(test, what, share, (float(low), float(high)), share > 0.5, float(found.pvalue), power)


def log_rank(method: Sequence, baseline: Sequence, what: str) -> Evidence:
    """The log-rank test of two groups of (iterations, whether it died there), by permutation.

    O - E sums over a group event - H(t), H being the Nelson-Aalen estimate of both together.
    The effect is Peto's estimate of the hazard ratio, exp((O - E) / V), with the hypergeometric variance V:
    below 1 if the method survives longer. Power by Schoenfeld (1981).
    """
    times, events = (np.array(part) for part in zip(*method, *baseline, strict=True))
    own = np.arange(len(times)) < len(method)
    if not events.any():
        return Evidence("log-rank", what, None, None, False, 1.0, None)
    hazard, variance = np.zeros(len(times)), 0.0
    for time in np.unique(times[events]):
        at_risk, died = times >= time, events & (times == time)
        total, ours, deaths = at_risk.sum(), (at_risk & own).sum(), died.sum()
        hazard[at_risk] += deaths / total
        if total > 1:
            variance += deaths * ours * (total - ours) * (total - deaths) / (total**2 * (total - 1))
    scores = events - hazard
    excess = scores[own].sum()
    found = stats.permutation_test(
        (scores[own], scores[~own]),
        lambda first, second, axis: first.sum(axis),
        vectorized=True,
        n_resamples=PERMUTATIONS,
        rng=np.random.default_rng(0),
    )
    died = [f"{events[group].sum()} of {group.sum()}" for group in (own, ~own)]
    test = f"log-rank test, died {' and '.join(died)}"
    if not variance:
        return Evidence(test, what, None, None, excess < 0, float(found.pvalue), None)
    centre, width = excess / variance, stats.norm.isf(ALPHA / 2) / math.sqrt(variance)
    interval = (math.exp(centre - width), math.exp(centre + width))
    share = events.mean()

    def power(seeds: np.ndarray, level: float) -> np.ndarray:
        deaths = 2 * seeds * share
        return stats.norm.sf(stats.norm.isf(level / 2) - abs(centre) * np.sqrt(deaths) / 2)

    return Evidence(test, what, math.exp(centre), interval, excess < 0, float(found.pvalue), power)
