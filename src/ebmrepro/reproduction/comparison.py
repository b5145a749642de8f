"""Two runs against each other: by a metric of paired seeds, or by which seeds survive."""

import statistics

from scipy import stats

from ebmrepro.reproduction.judgement import (
    NOT_REPRODUCED,
    REPRODUCED,
    Judgement,
    Unmeasured,
    enough,
    listed,
    select,
    summary,
    value_of,
)
from ebmrepro.reproduction.rules import PairedComparison, RunResult, Survival

# By seed, where the method and where the baseline diverged; None if it finished.
Ends = dict[int, tuple[int | None, int | None]]


def paired_comparison(rule: PairedComparison, runs: list[RunResult]) -> Judgement:
    """`PairedComparison` as its words define it; raises Unmeasured."""
    every = rule.diverged == "counts"
    method, baseline, ends = _pair(rule, runs)
    if every:
        ends = dict.fromkeys(ends, (None, None))
    return _compare(rule, method, baseline, ends)._replace(measured=_summaries(rule, method, baseline, every))


def _pair(rule: PairedComparison | Survival, runs: list[RunResult]) -> tuple[RunResult, RunResult, Ends]:
    """The two runs, and where the seeds that both have diverged in either."""
    method = select(runs, rule.experiment, rule.method)
    baseline = select(runs, rule.experiment, rule.baseline)
    seeds = sorted(method.seeds.keys() & baseline.seeds.keys())
    enough(len(seeds), rule.minimum_seeds, "seed", "in both runs")
    ends = {seed: (method.seeds[seed].diverged_at, baseline.seeds[seed].diverged_at) for seed in seeds}
    return method, baseline, ends


def _summaries(
    rule: PairedComparison | Survival, method: RunResult, baseline: RunResult, every_seed: bool = False
) -> dict:
    return {
        rule.method: summary(method, rule.metric, every_seed),
        rule.baseline: summary(baseline, rule.metric, every_seed),
    }


def _compare(rule: PairedComparison, method: RunResult, baseline: RunResult, ends: Ends) -> Judgement:
    for seed, (own, other) in ends.items():
        if own is not None and (other is None or other >= own):
            partner = "finished" if other is None else f"diverged at {other}"
            reason = f"{rule.method} seed {seed} diverged at iteration {own}, while {rule.baseline} {partner}"
            return Judgement(NOT_REPRODUCED, reason)
    won = [seed for seed, (_, other) in ends.items() if other is not None]
    compared = [seed for seed in ends if seed not in won]
    survived = f"{rule.baseline} diverged first with seeds {listed(won)}; " if won else ""
    if won and len(compared) < rule.minimum_seeds:
        return _by_survival(rule, ends, survived)

    ours = [value_of(method, seed, rule.metric) for seed in compared]
    theirs = [value_of(baseline, seed, rule.metric) for seed in compared]
    differences = [a - b for a, b in zip(ours, theirs, strict=True)]
    if not any(differences):
        # As where a metric has reached its best value for both: a task too easy to compare them.
        raise Unmeasured(
            f"{rule.metric} of {rule.method} and {rule.baseline} is the same with every seed"
            f" ({', '.join(f'{value:.4g}' for value in ours)}): this task does not tell them apart"
        )
    if statistics.stdev(differences) == 0:
        raise Unmeasured(
            f"{rule.metric} differs by the same {differences[0]:.4g} with every seed: these are not"
            " independent repetitions"
        )
    alternative = "less" if rule.better == "lower" else "greater"
    test = stats.ttest_rel(ours, theirs, alternative=alternative)
    statistic = {
        "test": "paired t",
        "t": float(test.statistic),
        "degrees_of_freedom": len(compared) - 1,
        "p": float(test.pvalue),
        "mean_difference": statistics.fmean(differences),
        "seeds": compared,
    }
    reason = (
        f"{survived}mean difference {rule.method} − {rule.baseline} {statistic['mean_difference']:.4g},"
        f" t({len(compared) - 1}) = {test.statistic:.3f}, p = {test.pvalue:.3g}"
    )
    return _decide(test.pvalue <= rule.alpha, reason, rule, statistic)


def _by_survival(rule: PairedComparison, ends: Ends, survived: str) -> Judgement:
    statistic = _fisher(ends)
    own, other = statistic["diverged"]
    reason = (
        f"{survived}too few pairs are left for a t-test; diverged {rule.method} {own}, {rule.baseline}"
        f" {other} of {len(ends)}, p = {statistic['p']:.3g}"
    )
    return _decide(statistic["p"] <= rule.alpha, reason, rule, statistic)


def survival(rule: Survival, runs: list[RunResult]) -> Judgement:
    """`Survival` as its words define it; raises Unmeasured."""
    method, baseline, ends = _pair(rule, runs)
    statistic = _fisher(ends)
    own, other = statistic["diverged"]
    if own:
        lost = ", ".join(f"seed {seed} at iteration {at}" for seed, (at, _) in ends.items() if at is not None)
        found = Judgement(NOT_REPRODUCED, f"{rule.method} diverged: {lost}", statistic=statistic)
    elif not other:
        reason = f"no seed of {rule.baseline} diverged either: it survives without what {rule.method} adds"
        found = Judgement(NOT_REPRODUCED, reason, statistic=statistic)
    else:
        reason = f"diverged {rule.method} 0, {rule.baseline} {other} of {len(ends)}, p = {statistic['p']:.3g}"
        found = _decide(statistic["p"] <= rule.alpha, reason, rule, statistic)
    return found._replace(measured=_summaries(rule, method, baseline))


def _fisher(ends: Ends) -> dict:
    """Fisher's exact test, one-sided: do fewer seeds diverge of the first than of the second run?"""
    diverged = [sum(end[side] is not None for end in ends.values()) for side in (0, 1)]
    table = [[count, len(ends) - count] for count in diverged]
    # Rounded: the smallest p of three pairs is 1/20, and must not miss 0.05 by the last bit.
    p = round(float(stats.fisher_exact(table, alternative="less").pvalue), 12)
    return {"test": "Fisher's exact", "diverged": diverged, "seeds": list(ends), "p": p}


def _decide(significant: bool, reason: str, rule: PairedComparison | Survival, statistic: dict) -> Judgement:
    if significant:
        return Judgement(REPRODUCED, reason, statistic=statistic)
    return Judgement(NOT_REPRODUCED, f"{reason}: above {rule.alpha}", statistic=statistic)
