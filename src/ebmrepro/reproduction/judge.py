"""Verdicts on all claims and published numbers of a preset. Pure functions."""

from collections.abc import Callable, Iterable

from ebmrepro.reproduction.judgement import NOT_MEASURED, Judgement, judge_number, judge_test
from ebmrepro.reproduction.rules import Claim, Published, PublishedNumber, PublishedValue, RunResult, Test

# What was judged in words (preset, data, seeds), from an experiment and the names of the runs that were
# measured (none: all it has). None if the preset has no such experiment.
Scope = Callable[[str, Iterable[str]], str | None]


def judge(
    claims: list[Claim], published: Published, preset: str, runs: list[RunResult], scope: Scope
) -> dict:
    """JSON-able rows of verdicts for a preset: `claims`, one for each test that is for it and names a run of
    it, or one without a scope where it has none; `numbers`, none unless a published number is about it."""
    rows = []
    for claim in claims:
        own = [test for test in claim.tests if test.is_for(preset)]
        if claim.tests and not own:
            continue
        present = [test for test in own if scope(test.experiment, ()) is not None and _names_any(test, runs)]
        for test in present:
            found = judge_test(test, runs)
            seen = scope(test.experiment, _names(found))
            rows.append(_row(claim, found, test, seen, statement=test.statement))
        if not present:
            missing = ", ".join(dict.fromkeys(test.experiment for test in own))
            reason = f"this preset has no experiment {missing} with the runs that its tests name"
            absent = Judgement(NOT_MEASURED, claim.untested or reason)
            rows.append(_row(claim, absent, own[0] if own else None, statement=None))
    numbers = []
    for number in _numbers_about(preset, published):
        found = judge_number(number, preset, runs)
        about = number.rule or number.shown
        seen = scope(about.experiment, _names(found)) if found.measured else None
        numbers.append(_row(number, found, number.rule, seen))
    return {"preset": preset, "claims": rows, "numbers": numbers}


def not_run(claims: list[Claim], published: Published, preset: str, reason: str) -> dict:
    """The rows of a preset's tests and numbers where it has not run: none is measured, for `reason`."""
    absent = Judgement(NOT_MEASURED, reason)
    rows = [
        _row(claim, absent, test, statement=test.statement)
        for claim in claims
        for test in claim.tests
        if test.is_for(preset)
    ]
    numbers = [
        _row(number, absent if number.rule else judge_number(number, "", []), number.rule)
        for number in _numbers_about(preset, published)
    ]
    return {"preset": preset, "claims": rows, "numbers": numbers}


def _names_any(test: Test, runs: list[RunResult]) -> bool:
    """Whether any run is one that `test` names. One word that is wrong is said by the verdict; experiments of
    the same name with other runs are none of the test's business."""
    words = {getattr(test, field, None) for field in ("method", "baseline", "objective")} - {None}
    members = [run for run in runs if run.experiment == test.experiment]
    return any(run.run in words or run.objective in words for run in members)


def _numbers_about(preset: str, published: Published) -> list[PublishedNumber]:
    """All published numbers if any of them is about `preset`, else none."""
    named = (number.rule or number.shown for number in published.numbers)
    return published.numbers if any(entry.preset == preset for entry in named if entry) else []


def _names(found: Judgement) -> list[str]:
    return [entry["run"] for entry in found.measured.values()]


def _row(
    entry: Claim | PublishedNumber,
    found: Judgement,
    rule: Test | PublishedValue | None,
    scope: str | None = None,
    **more: str | None,
) -> dict:
    about = entry.model_dump(exclude={"tests", "untested", "rule", "shown"})
    judged = {"scope": scope, "rule": rule.model_dump() if rule else None}
    return about | more | found._asdict() | judged | {"rule_in_words": rule.words() if rule else None}
