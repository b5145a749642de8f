"""Runs against a rule: what was measured, and the evidence. What each rule means is said in rules.py."""

import math
import statistics
from collections.abc import Iterable

from ebmrepro.reproduction import evidence
from ebmrepro.reproduction.decision import Finding
from ebmrepro.reproduction.evidence import ROUNDING, Evidence, Exact, Unmeasured
from ebmrepro.reproduction.published import PublishedNumber
from ebmrepro.reproduction.rules import (
    ExactComparison,
    LowerBound,
    PairedComparison,
    RunResult,
    Survival,
    Test,
)


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
    """The run of `experiment` called `chosen`, else of that method or objective; may raise Unmeasured."""
    members = [run for run in runs if run.experiment == experiment]
    found = [run for run in members if run.run == chosen]
    found = found or [run for run in members if run.method == chosen]
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


def examine(test: Test, runs: list[RunResult]) -> Finding:
    """What the runs of a preset say of one test of a claim."""
    look = {
        PairedComparison: _paired_comparison,
        ExactComparison: _exact_comparison,
        Survival: _survival,
        LowerBound: _lower_bound,
    }[type(test)]
    words = test.names()
    every_seed = isinstance(test, ExactComparison)
    measured: dict = {}
    try:
        chosen = [select(runs, test.experiment, word) for word in words]
        measured = {
            word: summary(run, test.metric, every_seed) for word, run in zip(words, chosen, strict=True)
        }
        found, note = look(test, *chosen)
        return Finding(measured, found, note)
    except Unmeasured as reason:
        return Finding(measured, None, str(reason))


def examine_number(number: PublishedNumber, runs: list[RunResult]) -> Finding:
    """What the runs of its rule's preset say of a published number that is a target."""
    rule = number.rule
    measured: dict = {}
    try:
        run = select(runs, rule.experiment, rule.objective)
        measured = {rule.objective: summary(run, rule.metric)}
        enough(len(run.metrics), rule.minimum_seeds, "of the run")
        finished = [seed for seed in sorted(run.metrics) if seed not in run.diverged]
        values = values_of(run, rule.metric, finished)
        sign = -1 if rule.better == "lower" else 1
        limit = number.value - sign * rule.tolerance * abs(number.value)
        if run.diverged:
            reached = sum(sign * value > sign * limit for value in values)
            what = f"share of seeds with {rule.metric} {'above' if sign > 0 else 'below'} {limit:.4g}"
            found = evidence.sign_test(reached, len(run.metrics) - reached, what)
            return Finding(measured, found, f"diverged: seeds {', '.join(map(str, run.diverged))}")
        worse = sign * (number.value - statistics.fmean(values)) / abs(number.value)
        what = f"mean {rule.metric}, against {limit:.4g}"
        found = evidence.t_test(values, max(map(abs, values)), what, sign, limit)
        side = "worse" if worse > 0 else "better"
        return Finding(measured, found, f"{abs(worse):.1%} {side} than {number.value}")
    except Unmeasured as reason:
        return Finding(measured, None, str(reason))


def _paired_comparison(
    rule: PairedComparison, method: RunResult, baseline: RunResult
) -> tuple[Evidence, str]:
    seeds = _shared_seeds(rule, method, baseline)
    sign = -1 if rule.better == "lower" else 1
    if (method.diverged.keys() | baseline.diverged.keys()) & set(seeds):
        return _pairs_won(rule, method, baseline, seeds, sign)
    ours, theirs = values_of(method, rule.metric, seeds), values_of(baseline, rule.metric, seeds)
    differences = [a - b for a, b in zip(ours, theirs, strict=True)]
    size = max(map(abs, [*ours, *theirs]))
    if max(map(abs, differences)) <= ROUNDING * size:
        # As where a metric has reached its best value for both: a task too easy to compare them.
        raise Unmeasured(
            f"{rule.metric} of {rule.method} and {rule.baseline} is the same with every seed"
            f" ({', '.join(f'{value:.4g}' for value in ours)}): this task does not tell them apart"
        )
    what = f"mean difference {rule.method} − {rule.baseline} in {rule.metric}"
    margin = rule.margin.of(statistics.fmean(theirs))
    return evidence.t_test(differences, size, what, sign, margin=margin), ""


def _exact_comparison(rule: ExactComparison, method: RunResult, baseline: RunResult) -> tuple[Exact, str]:
    ours, theirs = (_exact(run, rule.metric) for run in (method, baseline))
    what = f"difference {rule.method} − {rule.baseline} in {rule.metric}"
    if math.isclose(ours, theirs, rel_tol=ROUNDING):
        return Exact(what, 0.0, None), ""
    return Exact(what, ours - theirs, (ours < theirs) == (rule.better == "lower")), ""


def _exact(run: RunResult, metric: str) -> float:
    """The metric that all seeds share; raises Unmeasured if they do not."""
    enough(len(run.metrics), ExactComparison.minimum_seeds, f"of run {run.run}")
    values = values_of(run, metric, sorted(run.metrics))
    if not all(math.isclose(value, values[0], rel_tol=ROUNDING) for value in values):
        raise Unmeasured(f"{metric} of run {run.run} differs from seed to seed: it is no exact number")
    return values[0]


def _pairs_won(
    rule: PairedComparison, method: RunResult, baseline: RunResult, seeds: list[int], sign: int
) -> tuple[Evidence, str]:
    """Who diverges first loses the pair; where neither does, the metric decides."""
    won, lost = 0, 0
    for seed in seeds:
        own, other = (run.diverged.get(seed, math.inf) for run in (method, baseline))
        if own == other == math.inf:
            (a,), (b,) = (values_of(run, rule.metric, [seed]) for run in (method, baseline))
            own, other = sign * a, sign * b
        won, lost = won + (own > other), lost + (own < other)
    found = evidence.sign_test(won, lost, f"share of pairs that {rule.method} wins")
    ends = [
        f"{name} with seeds {', '.join(str(seed) for seed in seeds if seed in run.diverged)}"
        for name, run in ((rule.method, method), (rule.baseline, baseline))
        if run.diverged.keys() & set(seeds)
    ]
    return found, f"diverged: {' and '.join(ends)}"


def _survival(rule: Survival, method: RunResult, baseline: RunResult) -> tuple[Evidence, str]:
    seeds = _shared_seeds(rule, method, baseline)
    groups = [
        [
            (iterations, seed in run.diverged or seed in run.collapsed)
            for seed, iterations in zip(seeds, values_of(run, rule.metric, seeds), strict=True)
        ]
        for run in (method, baseline)
    ]
    found = evidence.log_rank(*groups, f"hazard of {rule.method} over that of {rule.baseline}")
    deaths = sum(dead for group in groups for _, dead in group)
    nobody = f"no seed of {rule.method} or {rule.baseline} diverged or collapsed: nothing here to survive"
    collapsed = [
        f"{name} with seeds {', '.join(map(str, sorted(run.collapsed)))}"
        for name, run in ((rule.method, method), (rule.baseline, baseline))
        if run.collapsed
    ]
    return found, (f"collapsed: {' and '.join(collapsed)}" if collapsed else "") if deaths else nobody


def _lower_bound(rule: LowerBound, run: RunResult) -> tuple[Evidence, str]:
    finished = [seed for seed in sorted(run.metrics) if seed not in run.diverged]
    enough(len(finished), rule.minimum_seeds, "that finished")
    values = values_of(run, rule.metric, finished)
    lost = ", ".join(map(str, run.diverged))
    note = f"diverged and left out: seeds {lost}" if lost else ""
    what = f"mean {rule.metric} of {rule.objective}, against {rule.threshold:.4g}"
    size, above = max(map(abs, values)), values[0] > rule.threshold
    if rule.share:
        least = evidence.sd_of_share(values, _draws(run))
        return evidence.t_test(values, size, what, 1, rule.threshold, least_sd=least), note
    off = min(abs(value - rule.threshold) for value in values)
    if max(values) - min(values) <= ROUNDING * size < off:
        # No spread for a t-test, but each seed is on one side.
        side = f"share of seeds with {rule.metric} above {rule.threshold:.4g}"
        counts = (len(values), 0) if above else (0, len(values))
        equal = f"{rule.metric} is {values[0]:.4g} with every seed"
        return evidence.sign_test(*counts, side), "; ".join(filter(None, (equal, note)))
    return evidence.t_test(values, size, what, 1, rule.threshold), note


def _draws(run: RunResult) -> int:
    if run.draws is None:
        raise Unmeasured(f"{run.run} has no number of samples that its metrics are shares of")
    return run.draws


def _shared_seeds(rule: PairedComparison | Survival, method: RunResult, baseline: RunResult) -> list[int]:
    seeds = sorted(method.metrics.keys() & baseline.metrics.keys())
    enough(len(seeds), rule.minimum_seeds, "in both runs")
    return seeds
