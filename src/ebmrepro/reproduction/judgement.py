"""Runs against a rule: verdict, reason and numbers. What each rule means is said in rules.py."""

import math
import statistics
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from scipy import stats

from ebmrepro.reproduction.rules import (
    LowerBound,
    PairedComparison,
    PublishedNumber,
    RunResult,
    Survival,
    Test,
)

REPRODUCED = "reproduced"
NOT_REPRODUCED = "not reproduced"
NOT_MEASURED = "not measured here"
# In the order of the report; the last says that nothing could be judged.
VERDICTS = (REPRODUCED, NOT_REPRODUCED, NOT_MEASURED)
# A published number without a rule. It is no verdict: nothing was to be decided.
NOT_JUDGED = "not judged"
NO_TARGET = "no target: too unsure or not a result of the method reproduced here"
# By seed, where the method and where the baseline diverged; None if it finished.
Ends = dict[int, tuple[int | None, int | None]]


class Judgement(NamedTuple):
    """`measured`: by the rule's word for a run, its `summary`; `statistic`: the test's numbers."""

    verdict: str
    reason: str
    measured: Mapping = {}
    statistic: Mapping = {}


class Unmeasured(Exception):
    """The data do not allow the test; the message says why."""


def summary(run: RunResult, metric: str, every_seed: bool = False) -> dict:
    """Values by seed that finished (or `every_seed`), their mean and sample sd, and where others diverged."""
    counted = [seed for seed in sorted(run.metrics) if every_seed or seed not in run.diverged]
    values = {str(seed): run.metrics[seed].get(metric) for seed in counted}
    known = [value for value in values.values() if value is not None and math.isfinite(value)]
    return {
        "run": run.run,
        "dataset": run.dataset,
        "metric": metric,
        "values": values,
        "mean": statistics.fmean(known) if known else None,
        "sd": statistics.stdev(known) if len(known) > 1 else None,
        "diverged": {str(seed): at for seed, at in sorted(run.diverged.items())},
    }


def select(runs: Iterable[RunResult], experiment: str, chosen: str) -> RunResult:
    """The run of `experiment` called `chosen`, else the one with that objective; may raise Unmeasured."""
    members = [run for run in runs if run.experiment == experiment]
    found = [run for run in members if run.run == chosen]
    found = found or [run for run in members if run.objective == chosen]
    if len(found) != 1:
        count = "no run" if not found else f"{len(found)} runs, not one,"
        raise Unmeasured(f"experiment {experiment} has no run {chosen}, and {count} with objective {chosen}")
    return found[0]


def enough(found: int, needed: int, where: str) -> None:
    """Raise Unmeasured if fewer seeds than `needed` were found."""
    if found < needed:
        raise Unmeasured(f"{found} seed{'s' * (found != 1)} {where}, the rule needs {needed}")


def values_of(run: RunResult, metric: str, seeds: Iterable[int]) -> list[float]:
    """The metric of each of `seeds`; raises Unmeasured if one is missing or not finite."""
    values = {seed: run.metrics[seed].get(metric) for seed in seeds}
    for seed, value in values.items():
        if value is None or not math.isfinite(value):
            raise Unmeasured(f"run {run.run} has no {metric} with seed {seed}")
    return list(values.values())


def judge_test(test: Test, runs: list[RunResult]) -> Judgement:
    """Apply one test of a claim to all measured runs of a preset."""
    apply = {PairedComparison: _paired_comparison, Survival: _survival, LowerBound: _lower_bound}[type(test)]
    try:
        return apply(test, runs)
    except Unmeasured as reason:
        return Judgement(NOT_MEASURED, str(reason))


def judge_number(number: PublishedNumber, preset: str, runs: list[RunResult]) -> Judgement:
    """A published number against the runs of `preset`; of one that is no target, what it shows, unjudged."""
    rule = number.rule
    if rule is None:
        why = "no published value is known" if number.value is None else NO_TARGET
        shown = number.shown
        if shown is None or shown.preset != preset:
            return Judgement(NOT_JUDGED, why)
        try:
            run = select(runs, shown.experiment, shown.objective)
        except Unmeasured as reason:
            return Judgement(NOT_JUDGED, f"{why}; {reason}")
        return Judgement(NOT_JUDGED, why, {shown.objective: summary(run, shown.metric)})
    if preset != rule.preset:
        reason = f"preset {preset} is not the paper's experiment; only preset {rule.preset} may decide"
        return Judgement(NOT_MEASURED, reason)
    try:
        run = select(runs, rule.experiment, rule.objective)
        measured = {rule.objective: summary(run, rule.metric)}
        enough(len(run.metrics), rule.minimum_seeds, "of the run")
        if run.diverged:
            return Judgement(NOT_REPRODUCED, f"seeds {', '.join(map(str, run.diverged))} diverged", measured)
        mean = statistics.fmean(values_of(run, rule.metric, run.metrics))
    except Unmeasured as reason:
        return Judgement(NOT_MEASURED, str(reason))
    worse = (mean - number.value) / number.value * (1 if rule.better == "lower" else -1)
    reason = f"mean {mean:.4g} is {abs(worse):.1%} {'worse' if worse > 0 else 'better'} than {number.value}"
    verdict = REPRODUCED if worse <= rule.tolerance else NOT_REPRODUCED
    return Judgement(verdict, reason, measured, {"relative_difference": worse})


def _paired_comparison(rule: PairedComparison, runs: list[RunResult]) -> Judgement:
    every_seed = rule.diverged == "counts"
    method, baseline, ends, measured = _pair(rule, runs, every_seed)
    if every_seed:
        ends = dict.fromkeys(ends, (None, None))
    for seed, (own, other) in ends.items():
        if own is not None and (other is None or other >= own):
            partner = "finished" if other is None else f"diverged at {other}"
            reason = f"{rule.method} seed {seed} diverged at iteration {own}, while {rule.baseline} {partner}"
            return Judgement(NOT_REPRODUCED, reason, measured)
    won = [seed for seed, (_, other) in ends.items() if other is not None]
    compared = [seed for seed in ends if seed not in won]
    survived = f"{rule.baseline} diverged first with seeds {', '.join(map(str, won))}; " if won else ""
    if won and len(compared) < rule.minimum_seeds:
        statistic = _fisher(ends)
        own, other = statistic["diverged"]
        reason = (
            f"{survived}too few pairs are left for a t-test; diverged {rule.method} {own}, {rule.baseline}"
            f" {other} of {len(ends)}, p = {statistic['p']:.3g}"
        )
        return _decide(rule, reason, measured, statistic)

    ours = values_of(method, rule.metric, compared)
    theirs = values_of(baseline, rule.metric, compared)
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
    test = stats.ttest_rel(ours, theirs, alternative="less" if rule.better == "lower" else "greater")
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
    return _decide(rule, reason, measured, statistic)


def _survival(rule: Survival, runs: list[RunResult]) -> Judgement:
    _, _, ends, measured = _pair(rule, runs)
    statistic = _fisher(ends)
    own, other = statistic["diverged"]
    if own:
        lost = ", ".join(f"seed {seed} at iteration {at}" for seed, (at, _) in ends.items() if at is not None)
        return Judgement(NOT_REPRODUCED, f"{rule.method} diverged: {lost}", measured, statistic)
    if not other:
        reason = f"no seed of {rule.baseline} diverged either: it survives without what {rule.method} adds"
        return Judgement(NOT_REPRODUCED, reason, measured, statistic)
    reason = f"diverged {rule.method} 0, {rule.baseline} {other} of {len(ends)}, p = {statistic['p']:.3g}"
    return _decide(rule, reason, measured, statistic)


def _lower_bound(rule: LowerBound, runs: list[RunResult]) -> Judgement:
    run = select(runs, rule.experiment, rule.objective)
    measured = {rule.objective: summary(run, rule.metric)}
    finished = [seed for seed in sorted(run.metrics) if seed not in run.diverged]
    enough(len(finished), rule.minimum_seeds, "that finished")
    values = values_of(run, rule.metric, finished)
    quantile = float(stats.t.ppf(1 - rule.alpha, len(values) - 1))
    bound = statistics.fmean(values) - quantile * statistics.stdev(values) / math.sqrt(len(values))
    lost = ", ".join(map(str, run.diverged))
    note = f"; diverged and left out: seeds {lost}" if lost else ""
    reason = f"lower {1 - rule.alpha:.0%} bound {bound:.4g} against {rule.threshold}{note}"
    verdict = REPRODUCED if bound > rule.threshold else NOT_REPRODUCED
    statistic = {"test": "t confidence bound", "bound": bound, "t": quantile, "seeds": finished}
    return Judgement(verdict, reason, measured, statistic)


def _pair(
    rule: PairedComparison | Survival, runs: list[RunResult], every_seed: bool = False
) -> tuple[RunResult, RunResult, Ends, dict]:
    """Method, baseline, where the seeds that both have diverged in either, and the summaries of both."""
    method = select(runs, rule.experiment, rule.method)
    baseline = select(runs, rule.experiment, rule.baseline)
    seeds = sorted(method.metrics.keys() & baseline.metrics.keys())
    enough(len(seeds), rule.minimum_seeds, "in both runs")
    ends = {seed: (method.diverged.get(seed), baseline.diverged.get(seed)) for seed in seeds}
    measured = {
        name: summary(run, rule.metric, every_seed)
        for name, run in ((rule.method, method), (rule.baseline, baseline))
    }
    return method, baseline, ends, measured


def _fisher(ends: Ends) -> dict:
    """Fisher's exact test, one-sided: do fewer seeds diverge of the first than of the second run?"""
    diverged = [sum(end[side] is not None for end in ends.values()) for side in (0, 1)]
    table = [[count, len(ends) - count] for count in diverged]
    # Rounded: the smallest p of three pairs is 1/20, and must not miss 0.05 by the last bit.
    p = round(float(stats.fisher_exact(table, alternative="less").pvalue), 12)
    return {"test": "Fisher's exact", "diverged": diverged, "seeds": list(ends), "p": p}


def _decide(rule: PairedComparison | Survival, reason: str, measured: dict, statistic: dict) -> Judgement:
    if statistic["p"] <= rule.alpha:
        return Judgement(REPRODUCED, reason, measured, statistic)
    return Judgement(NOT_REPRODUCED, f"{reason}: above {rule.alpha}", measured, statistic)
