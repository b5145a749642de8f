"""Verdicts: rules applied to metrics. Pure functions; what each test means stands at its rule."""

import math
import statistics
from collections.abc import Callable, Iterable

from scipy import stats

from ebm.reproduction.comparison import paired_comparison, survival
from ebm.reproduction.judgement import (
    NOT_MEASURED,
    NOT_REPRODUCED,
    REPRODUCED,
    VERDICTS,
    Judgement,
    Unmeasured,
    enough,
    listed,
    select,
    summary,
    value_of,
)
from ebm.reproduction.rules import (
    Claim,
    LowerBound,
    Published,
    PublishedNumber,
    RunResult,
    Test,
)

__all__ = [
    "NOT_MEASURED",
    "NOT_REPRODUCED",
    "REPRODUCED",
    "VERDICTS",
    "Judgement",
    "judge",
    "judge_number",
    "judge_test",
    "lower_bound",
    "paired_comparison",
    "survival",
]


# What was judged in words (preset, data, seeds), from an experiment and the names of the runs that were
# measured (none: all it has). None if the preset has no such experiment.
Scope = Callable[[str, Iterable[str]], str | None]


def judge_test(test: Test, runs: Iterable[RunResult]) -> Judgement:
    """Apply one test of a claim to all measured runs of a preset."""
    apply = {
        "paired_comparison": paired_comparison,
        "survival": survival,
        "lower_bound": lower_bound,
    }[test.kind]
    return apply(test, list(runs))


def lower_bound(rule: LowerBound, runs: list[RunResult]) -> Judgement:
    """`LowerBound` as its docstring defines it."""
    try:
        run = select(runs, rule.experiment, rule.objective)
        measured = {rule.objective: summary(run, rule.metric)}
        finished = [seed for seed, result in sorted(run.seeds.items()) if result.diverged_at is None]
        enough(len(finished), rule.minimum_seeds, "seed", "that finished")
        values = [value_of(run, seed, rule.metric) for seed in finished]
    except Unmeasured as reason:
        return Judgement(NOT_MEASURED, str(reason))
    quantile = float(stats.t.ppf(1 - rule.alpha, len(values) - 1))
    bound = statistics.fmean(values) - quantile * statistics.stdev(values) / math.sqrt(len(values))
    left_out = [seed for seed in run.seeds if seed not in finished]
    note = f"; diverged and left out: seeds {listed(left_out)}" if left_out else ""
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
    """Rows of verdicts for a preset: `claims`, one for each test that its experiments allow, and `numbers`.

    JSON-able.
    """
    rows = []
    for claim in claims:
        about = claim.model_dump(exclude={"tests", "untested"})
        present = [test for test in claim.tests if scope(test.experiment, ()) is not None]
        for test in present:
            found = judge_test(test, runs)
            rule = test.model_dump()
            seen = scope(test.experiment, _names(found))
            rows.append(about | {"statement": test.statement} | _row(found, seen, rule, test.words()))
        if not present:
            missing = ", ".join(dict.fromkeys(test.experiment for test in claim.tests))
            reason = claim.untested or f"this preset has no experiment {missing}"
            rule, words = (
                (claim.tests[0].model_dump(), claim.tests[0].words()) if claim.tests else (None, None)
            )
            nothing = _row(Judgement(NOT_MEASURED, reason), None, rule, words)
            rows.append(about | {"statement": None} | nothing)
    numbers = []
    for number in published.numbers:
        found = judge_number(number, preset, runs)
        rule, words = (number.rule.model_dump(), number.rule.words()) if number.rule else (None, None)
        seen = scope(number.rule.experiment, _names(found)) if found.measured else None
        numbers.append(number.model_dump(exclude={"rule"}) | _row(found, seen, rule, words))
    return {"preset": preset, "claims": rows, "numbers": numbers}


def _names(found: Judgement) -> list[str]:
    return [entry["run"] for entry in found.measured.values()]


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
