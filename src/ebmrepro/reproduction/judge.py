"""Verdicts on all claims and published numbers of a preset. Pure functions."""

from collections.abc import Callable, Iterable

from ebmrepro.reproduction.decision import NOT_JUDGED, NOT_MEASURED, Judgement, decide
from ebmrepro.reproduction.evidence import Unmeasured
from ebmrepro.reproduction.judgement import examine, examine_number, select, summary
from ebmrepro.reproduction.published import Published, PublishedNumber, PublishedValue
from ebmrepro.reproduction.rules import Claim, RunResult, Test

# Why a published number has no rule.
NO_TARGET = "no target: too unsure or not a result of the method reproduced here"
# What was judged in words (preset, data, seeds), from an experiment and the names of the runs that were
# measured (none: all it has). None if the preset has no such experiment.
Scope = Callable[[str, Iterable[str]], str | None]


def judge(
    claims: list[Claim],
    published: Published,
    preset: str,
    runs: list[RunResult],
    scope: Scope,
    registered: list[int] | None = None,
) -> dict:
    """JSON-able rows of verdicts for a preset: `claims`, one for each test that is for it and names a run of
    it, or one without a scope where it has none; `numbers`, none unless a published number is about it.

    All of them are decided together, for their p are adjusted for each other. `registered`: the only seeds
    that are judged; None if the preset is not registered, which makes its verdicts provisional.
    """
    if registered is not None:
        runs = [_of_seeds(run, registered) for run in runs]
    tests, rows = [], {claim.key: [] for claim in claims}
    for claim in claims:
        own = [test for test in claim.tests if test.is_for(preset)]
        present = [test for test in own if scope(test.experiment, ()) is not None and _names_any(test, runs)]
        tests += [(claim, test) for test in present]
        if not present and (own or not claim.tests):
            missing = ", ".join(dict.fromkeys(test.experiment for test in own))
            reason = f"this preset has no experiment {missing} with the runs that its tests name"
            absent = Judgement(NOT_MEASURED, claim.untested or reason)
            rows[claim.key].append(_row(claim, absent, own[0] if own else None, statement=None))
    numbers = _numbers_about(preset, published)
    targets = [number for number in numbers if number.rule and number.rule.preset == preset]
    findings = [examine(test, runs) for _, test in tests]
    judgements = decide([*findings, *(examine_number(number, runs) for number in targets)])
    judged = dict(zip((number.key for number in targets), judgements[len(tests) :], strict=True))
    for (claim, test), found in zip(tests, judgements[: len(tests)], strict=True):
        seen = scope(test.experiment, _names(found))
        rows[claim.key].append(_row(claim, found, test, seen, statement=test.statement))
    return {
        "preset": preset,
        "registered": registered,
        "claims": [row for own in rows.values() for row in own],
        "numbers": [_number(number, judged.get(number.key), preset, runs, scope) for number in numbers],
    }


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
        _number(number, absent if number.rule else None, preset, [], lambda experiment, runs: None)
        for number in _numbers_about(preset, published)
    ]
    return {"preset": preset, "claims": rows, "numbers": numbers}


def _of_seeds(run: RunResult, seeds: list[int]) -> RunResult:
    parts = ("metrics", "diverged", "collapsed")
    kept = {part: {s: found for s, found in getattr(run, part).items() if s in seeds} for part in parts}
    return run._replace(**kept)


def _names_any(test: Test, runs: list[RunResult]) -> bool:
    """Whether any run is one that `test` names. One word that is wrong is said by the verdict; experiments of
    the same name with other runs are none of the test's business."""
    members = [run for run in runs if run.experiment == test.experiment]
    return any(word in (run.run, run.method, run.objective) for word in test.names() for run in members)


def _numbers_about(preset: str, published: Published) -> list[PublishedNumber]:
    """All published numbers if any of them is about `preset`, else none."""
    named = (number.rule or number.shown for number in published.numbers)
    return published.numbers if any(entry.preset == preset for entry in named if entry) else []


def _number(
    number: PublishedNumber, judged: Judgement | None, preset: str, runs: list[RunResult], scope: Scope
) -> dict:
    """The row of a number: its judgement, or what it shows, of which nothing is judged."""
    about, found = number.rule or number.shown, judged
    if found is None and number.rule:
        reason = f"preset {preset} is not the paper's experiment; only preset {number.rule.preset} may decide"
        found = Judgement(NOT_MEASURED, reason)
    elif found is None:
        found = Judgement(NOT_JUDGED, "no published value is known" if number.value is None else NO_TARGET)
        if about and about.preset == preset:
            try:
                run = select(runs, about.experiment, about.objective)
                found = found._replace(measured={about.objective: summary(run, about.metric)})
            except Unmeasured as reason:
                found = found._replace(reason=f"{found.reason}; {reason}")
    seen = scope(about.experiment, _names(found)) if found.measured else None
    return _row(number, found, number.rule, seen)


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
