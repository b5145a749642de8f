"""Verdicts: rules applied to metrics. Pure functions; what each test means stands at its rule."""

import math
import statistics
from collections.abc import Callable, Iterable

from scipy import stats

from ebmrepro.reproduction.comparison import paired_comparison, survival
from ebmrepro.reproduction.judgement import (
    NOT_JUDGED,
    NOT_MEASURED,
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
from ebmrepro.reproduction.rules import (
    Claim,
    LowerBound,
    PairedComparison,
    Published,
    PublishedNumber,
    PublishedValue,
    RunResult,
    Survival,
    Test,
)

NO_TARGET = "no target: too unsure or not a result of the method reproduced here"

# What was judged in words (preset, data, seeds), from an experiment and the names of the runs that were
# measured (none: all it has). None if the preset has no such experiment.
Scope = Callable[[str, Iterable[str]], str | None]


def judge_test(test: Test, runs: Iterable[RunResult]) -> Judgement:
    """Apply one test of a claim to all measured runs of a preset."""
    apply = {PairedComparison: paired_comparison, Survival: survival, LowerBound: _lower_bound}[type(test)]
    try:
        return apply(test, list(runs))
    except Unmeasured as reason:
        return Judgement(NOT_MEASURED, str(reason))


def _lower_bound(rule: LowerBound, runs: list[RunResult]) -> Judgement:
    run = select(runs, rule.experiment, rule.objective)
    measured = {rule.objective: summary(run, rule.metric)}
    finished = [seed for seed, result in sorted(run.seeds.items()) if result.diverged_at is None]
    enough(len(finished), rule.minimum_seeds, "seed", "that finished")
    values = [value_of(run, seed, rule.metric) for seed in finished]
    quantile = float(stats.t.ppf(1 - rule.alpha, len(values) - 1))
    bound = statistics.fmean(values) - quantile * statistics.stdev(values) / math.sqrt(len(values))
    left_out = [seed for seed in run.seeds if seed not in finished]
    note = f"; diverged and left out: seeds {listed(left_out)}" if left_out else ""
    reason = f"lower {1 - rule.alpha:.0%} bound {bound:.4g} against {rule.threshold}{note}"
    verdict = REPRODUCED if bound > rule.threshold else NOT_REPRODUCED
    statistic = {"test": "t confidence bound", "bound": bound, "t": quantile, "seeds": finished}
    return Judgement(verdict, reason, measured, statistic)


def judge_number(number: PublishedNumber, preset: str, runs: list[RunResult]) -> Judgement:
    """A published number against the runs of `preset`, by `PublishedValue` as its words define it.

    Of a number that is no target nothing is judged; what it shows is measured, if `preset` is its.
    """
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
        enough(len(run.seeds), rule.minimum_seeds, "seed", "of the run")
        diverged = [seed for seed, result in run.seeds.items() if result.diverged_at is not None]
        if diverged:
            return Judgement(NOT_REPRODUCED, f"seeds {listed(diverged)} diverged", measured)
        mean = statistics.fmean(value_of(run, seed, rule.metric) for seed in run.seeds)
    except Unmeasured as reason:
        return Judgement(NOT_MEASURED, str(reason))
    worse = (mean - number.value) / number.value * (1 if rule.better == "lower" else -1)
    reason = f"mean {mean:.4g} is {abs(worse):.1%} {'worse' if worse > 0 else 'better'} than {number.value}"
    verdict = REPRODUCED if worse <= rule.tolerance else NOT_REPRODUCED
    return Judgement(verdict, reason, measured, {"relative_difference": worse})


def judge(
    claims: list[Claim], published: Published, preset: str, runs: list[RunResult], scope: Scope
) -> dict:
    """Rows of verdicts for a preset: `claims`, one for each test that is for it and names a run of it, or
    one without a scope where it has none; `numbers`, none unless a published number is about this preset.

    JSON-able.
    """
    rows = []
    for claim in claims:
        own = [test for test in claim.tests if test.is_for(preset)]
        if claim.tests and not own:
            continue
        present = [test for test in own if scope(test.experiment, ()) is not None and _names_any(test, runs)]
        for test in present:
            found = judge_test(test, runs)
            seen = scope(test.experiment, _names(found))
            rows.append(_about(claim, test) | _row(found, seen, test))
        if not present:
            missing = ", ".join(dict.fromkeys(test.experiment for test in own))
            reason = f"this preset has no experiment {missing} with the runs that its tests name"
            absent = Judgement(NOT_MEASURED, claim.untested or reason)
            rows.append(_about(claim) | _row(absent, None, own[0] if own else None))
    numbers = []
    for number in published.numbers if _is_about(published, preset) else ():
        found = judge_number(number, preset, runs)
        about = number.rule or number.shown
        seen = scope(about.experiment, _names(found)) if found.measured else None
        numbers.append(_number(number, found, seen))
    return {"preset": preset, "claims": rows, "numbers": numbers}


def not_run(claims: list[Claim], published: Published, preset: str, reason: str) -> dict:
    """The rows of a preset's tests and numbers where it has not run: none is measured, for `reason`."""
    absent = Judgement(NOT_MEASURED, reason)
    rows = [
        _about(claim, test) | _row(absent, None, test)
        for claim in claims
        for test in claim.tests
        if test.is_for(preset)
    ]
    numbers = [
        _number(number, absent if number.rule else judge_number(number, "", []))
        for number in published.numbers
        if _is_about(published, preset)
    ]
    return {"preset": preset, "claims": rows, "numbers": numbers}


def _names_any(test: Test, runs: list[RunResult]) -> bool:
    """Whether any run is one that `test` names. One word that is wrong is said by the verdict; experiments of
    the same name with other runs are none of the test's business."""
    words = {getattr(test, field, None) for field in ("method", "baseline", "objective")} - {None}
    members = [run for run in runs if run.experiment == test.experiment]
    return any(run.run in words or run.objective in words for run in members)


def _is_about(published: Published, preset: str) -> bool:
    named = (number.rule or number.shown for number in published.numbers)
    return any(entry.preset == preset for entry in named if entry)


def _about(claim: Claim, test: Test | None = None) -> dict:
    statement = {"statement": test.statement if test else None}
    return claim.model_dump(exclude={"tests", "untested"}) | statement


def _number(number: PublishedNumber, found: Judgement, scope: str | None = None) -> dict:
    return number.model_dump(exclude={"rule", "shown"}) | _row(found, scope, number.rule)


def _names(found: Judgement) -> list[str]:
    return [entry["run"] for entry in found.measured.values()]


def _row(found: Judgement, scope: str | None, rule: Test | PublishedValue | None) -> dict:
    return {
        "verdict": found.verdict,
        "reason": found.reason,
        "measured": dict(found.measured),
        "statistic": dict(found.statistic),
        "scope": scope,
        "rule": rule.model_dump() if rule else None,
        "rule_in_words": rule.words() if rule else None,
    }
