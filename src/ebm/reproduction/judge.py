"""Verdicts: rules applied to metrics. Pure functions; what each test means stands at its rule."""

import math
import statistics
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from scipy import stats

from ebm.reproduction.rules import (
    Claim,
    LowerBound,
    PairedComparison,
    Published,
    PublishedNumber,
    RunResult,
    Test,
)

REPRODUCED = "reproduced"
NOT_REPRODUCED = "not reproduced"
NOT_MEASURED = "not measured here"
# In the order of the report; the last says that nothing was judged.
VERDICTS = (REPRODUCED, NOT_REPRODUCED, NOT_MEASURED)


class Judgement(NamedTuple):
    """`measured`: by objective, what `summary` says of a run; `statistic`: the test's numbers."""

    verdict: str
    reason: str
    measured: Mapping = MappingProxyType({})
    statistic: Mapping = MappingProxyType({})


class _Unmeasured(Exception):
    """The data do not allow the test; the message says why."""


def judge_test(test: Test, runs: Iterable[RunResult]) -> Judgement:
    """Apply one test of a claim to all measured runs of a preset."""
    apply = {"paired_comparison": paired_comparison, "lower_bound": lower_bound}[test.kind]
    return apply(test, list(runs))


def paired_comparison(rule: PairedComparison, runs: list[RunResult]) -> Judgement:
    """`PairedComparison` as its docstring defines it."""
    try:
        method = _one(runs, rule.experiment, rule.method)
        baseline = _one(runs, rule.experiment, rule.baseline)
        measured = {run.objective: summary(run, rule.metric) for run in (method, baseline)}
        return _compare(rule, method, baseline)._replace(measured=measured)
    except _Unmeasured as reason:
        return Judgement(NOT_MEASURED, str(reason))


def _compare(rule: PairedComparison, method: RunResult, baseline: RunResult) -> Judgement:
    seeds = sorted(method.seeds.keys() & baseline.seeds.keys())
    _enough(len(seeds), rule.minimum_seeds, "seed", "in both runs")
    ends = {seed: (method.seeds[seed].diverged_at, baseline.seeds[seed].diverged_at) for seed in seeds}
    for seed, (own, other) in ends.items():
        if own is not None and (other is None or other >= own):
            partner = "finished" if other is None else f"diverged at {other}"
            reason = f"{rule.method} seed {seed} diverged at iteration {own}, while {rule.baseline} {partner}"
            return Judgement(NOT_REPRODUCED, reason)
    won = [seed for seed, (_, other) in ends.items() if other is not None]
    compared = [seed for seed in seeds if seed not in won]
    survived = f"{rule.baseline} diverged first with seeds {_listed(won)}; " if won else ""
    if won and len(compared) < rule.minimum_seeds:
        return _survival(rule, ends, survived)

    ours = [_value(method, seed, rule.metric) for seed in compared]
    theirs = [_value(baseline, seed, rule.metric) for seed in compared]
    differences = [a - b for a, b in zip(ours, theirs, strict=True)]
    if statistics.stdev(differences) == 0:
        raise _Unmeasured(
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


def _survival(rule: PairedComparison, ends: Mapping, survived: str) -> Judgement:
    diverged = [sum(end[side] is not None for end in ends.values()) for side in (0, 1)]
    table = [[count, len(ends) - count] for count in diverged]
    # Rounded: the smallest p of three pairs is 1/20, and must not miss 0.05 by the last bit.
    p = round(float(stats.fisher_exact(table, alternative="less").pvalue), 12)
    statistic = {"test": "Fisher's exact", "diverged": diverged, "seeds": list(ends), "p": p}
    reason = (
        f"{survived}too few pairs are left for a t-test; diverged {rule.method} {diverged[0]},"
        f" {rule.baseline} {diverged[1]} of {len(ends)}, p = {p:.3g}"
    )
    return _decide(p <= rule.alpha, reason, rule, statistic)


def _decide(significant: bool, reason: str, rule: PairedComparison, statistic: dict) -> Judgement:
    if significant:
        return Judgement(REPRODUCED, reason, statistic=statistic)
    return Judgement(NOT_REPRODUCED, f"{reason}: above {rule.alpha}", statistic=statistic)


def lower_bound(rule: LowerBound, runs: list[RunResult]) -> Judgement:
    """`LowerBound` as its docstring defines it."""
    try:
        run = _one(runs, rule.experiment, rule.objective)
        measured = {run.objective: summary(run, rule.metric)}
        finished = [seed for seed, result in sorted(run.seeds.items()) if result.diverged_at is None]
        _enough(len(finished), rule.minimum_seeds, "seed", "that finished")
        values = [_value(run, seed, rule.metric) for seed in finished]
    except _Unmeasured as reason:
        return Judgement(NOT_MEASURED, str(reason))
    quantile = float(stats.t.ppf(1 - rule.alpha, len(values) - 1))
    bound = statistics.fmean(values) - quantile * statistics.stdev(values) / math.sqrt(len(values))
    left_out = [seed for seed in run.seeds if seed not in finished]
    note = f"; diverged and left out: seeds {_listed(left_out)}" if left_out else ""
    reason = f"lower {1 - rule.alpha:.0%} bound {bound:.4g} against {rule.threshold}{note}"
    verdict = REPRODUCED if bound > rule.threshold else NOT_REPRODUCED
    statistic = {"test": "t confidence bound", "bound": bound, "t": quantile, "seeds": finished}
    return Judgement(verdict, reason, measured, statistic)


def judge_number(number: PublishedNumber, preset: str, runs: list[RunResult]) -> Judgement:
    """A published number against the runs of `preset`, by `PublishedValue` as its docstring defines it."""
    rule = number.rule
    if number.value is None:
        return Judgement(NOT_MEASURED, "no published value is known")
    if rule is None:
        return Judgement(
            NOT_MEASURED, "not a target: too unsure or not a result of the method reproduced here"
        )
    if preset != rule.preset:
        reason = f"preset {preset} is not the paper's experiment; only preset {rule.preset} may decide"
        return Judgement(NOT_MEASURED, reason)
    try:
        run = _one(runs, rule.experiment, rule.objective)
        measured = {run.objective: summary(run, rule.metric)}
        _enough(len(run.seeds), rule.minimum_seeds, "seed", "of the run")
        diverged = [seed for seed, result in run.seeds.items() if result.diverged_at is not None]
        if diverged:
            return Judgement(NOT_REPRODUCED, f"seeds {_listed(diverged)} diverged", measured)
        mean = statistics.fmean(_value(run, seed, rule.metric) for seed in run.seeds)
    except _Unmeasured as reason:
        return Judgement(NOT_MEASURED, str(reason))
    worse = (mean - number.value) / number.value * (1 if rule.better == "lower" else -1)
    reason = f"mean {mean:.4g} is {abs(worse):.1%} {'worse' if worse > 0 else 'better'} than {number.value}"
    verdict = REPRODUCED if worse <= rule.tolerance else NOT_REPRODUCED
    return Judgement(verdict, reason, measured, {"relative_difference": worse})


def summary(run: RunResult, metric: str) -> dict:
    """Values by seed, mean and sample sd over the seeds that finished, and where the others diverged."""
    values = {
        str(seed): result.metrics.get(metric)
        for seed, result in sorted(run.seeds.items())
        if result.diverged_at is None
    }
    known = [value for value in values.values() if value is not None and math.isfinite(value)]
    return {
        "run": run.run,
        "dataset": run.dataset,
        "metric": metric,
        "values": values,
        "mean": statistics.fmean(known) if known else None,
        "sd": statistics.stdev(known) if len(known) > 1 else None,
        "diverged": {
            str(seed): result.diverged_at
            for seed, result in sorted(run.seeds.items())
            if result.diverged_at is not None
        },
    }


def judge(
    claims: list[Claim], published: Published, preset: str, runs: list[RunResult], scopes: Mapping[str, str]
) -> dict:
    """Rows of verdicts for a preset: `claims`, one for each test that its experiments allow, and `numbers`.

    `scopes`: what an experiment is, in words (preset, data, seeds). JSON-able.
    """
    rows = []
    for claim in claims:
        about = claim.model_dump(exclude={"tests", "untested"})
        present = [test for test in claim.tests if test.experiment in scopes]
        for test in present:
            found = judge_test(test, runs)
            rule = test.model_dump()
            rows.append(about | _row(found, scopes[test.experiment], rule, test.words()))
        if not present:
            missing = ", ".join(test.experiment for test in claim.tests)
            reason = claim.untested or f"this preset has no experiment {missing}"
            rule, words = (
                (claim.tests[0].model_dump(), claim.tests[0].words()) if claim.tests else (None, None)
            )
            rows.append(about | _row(Judgement(NOT_MEASURED, reason), None, rule, words))
    numbers = []
    for number in published.numbers:
        found = judge_number(number, preset, runs)
        rule, words = (number.rule.model_dump(), number.rule.words()) if number.rule else (None, None)
        scope = scopes.get(number.rule.experiment) if found.measured else None
        numbers.append(number.model_dump(exclude={"rule"}) | _row(found, scope, rule, words))
    return {"preset": preset, "claims": rows, "numbers": numbers}


def _row(found: Judgement, scope: str | None, rule: dict | None, words: str | None) -> dict:
    return {
        "verdict": found.verdict,
        "reason": found.reason,
        "measured": dict(found.measured),
        "statistic": dict(found.statistic),
        "scope": scope,
        "rule": rule,
        "rule_in_words": words,
    }


def _one(runs: Iterable[RunResult], experiment: str, objective: str) -> RunResult:
    found = [run for run in runs if run.experiment == experiment and run.objective == objective]
    if len(found) != 1:
        count = "no run" if not found else f"{len(found)} runs, not one,"
        raise _Unmeasured(f"experiment {experiment} has {count} with objective {objective}")
    return found[0]


def _enough(found: int, needed: int, what: str, where: str) -> None:
    if found < needed:
        raise _Unmeasured(f"{found} {what}{'s' * (found != 1)} {where}, the rule needs {needed}")


def _value(run: RunResult, seed: int, metric: str) -> float:
    value = run.seeds[seed].metrics.get(metric)
    if value is None or not math.isfinite(value):
        raise _Unmeasured(f"run {run.run} has no {metric} with seed {seed}")
    return value


def _listed(seeds: Iterable[int]) -> str:
    return ", ".join(map(str, seeds))
