"""Whether the rules of a registered preset are older than the runs that they judge, asked of git."""

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError
from ruamel.yaml import YAMLError

from ebmrepro.files.workspace import load_json
from ebmrepro.params.methods import method
from ebmrepro.params.root import Params
from ebmrepro.provenance.record import git
from ebmrepro.provenance.written import RECORDS
from ebmrepro.reproduction.published import PUBLISHED, Published, load_published
from ebmrepro.reproduction.rules import CLAIMS, Claims, Test, load_rules, parsed

ROOM = "src/ebmrepro/reproduction"
# Words for readers, which decide nothing, and where else a test is judged.
IDLE = {"statement", "presets"}


def broken_promises(checkout: Path, params: Params) -> list[str]:
    """In sentences, what speaks against calling preset `params` registered, with its results in `checkout`.

    The records of its trainings name commits. The rules there must be today's, and the runs must have as many
    of the registered seeds as their tests need.
    """
    preset, rules = params.preset, load_rules()
    today = _decisive(rules, load_published(), params)
    found = [] if preset in rules.registered else [f"preset {preset} is not registered"]
    for commit, records in _commits(checkout, preset).items():
        found += _since(checkout, commit, params, today, f"{len(records)} trainings, such as {records[0]}")
    return found + list(_too_few_seeds(params, rules))


def _commits(checkout: Path, preset: str) -> dict[str | None, list[str]]:
    """The trainings of a preset by the commit that they were run from, None where it is not known."""
    found: dict[str | None, list[str]] = {}
    for path in sorted((checkout / RECORDS / preset / "train").glob("*.json")):
        code = load_json(path)["code"]
        found.setdefault(None if code["dirty"] else code["commit"], []).append(path.stem)
    return found


def _since(
    checkout: Path, commit: str | None, params: Params, today: dict[str, str], whose: str
) -> Iterator[str]:
    """Which of today's rules are not those of `commit`."""
    if commit is None:
        yield f"no commit has the code of {whose}: run the preset from a clean checkout"
        return
    texts = [git(checkout, "show", f"{commit}:{ROOM}/{name}") for name in (CLAIMS, PUBLISHED)]
    if None in texts:
        yield f"commit {commit} of {whose}, or its rules, are not in this repository: fetch its whole history"
        return
    try:
        claims, published = map(parsed, texts)
        then = _decisive(Claims.model_validate(claims), Published.model_validate(published), params)
    except (YAMLError, ValidationError, KeyError, TypeError):
        yield f"the rules at commit {commit} of {whose} are of another form than today's"
        return
    for what in sorted(today.keys() | then.keys()):
        if today.get(what) != then.get(what):
            change = (
                "has been left out" if what not in today else "is new" if what not in then else "has changed"
            )
            yield f"{what} {change} since commit {commit} of {whose}"


def _decisive(rules: Claims, published: Published, params: Params) -> dict[str, str]:
    """All that decides the verdicts of a preset, as JSON, by what it is called in a sentence. Of experiments
    that it does not have nothing is judged there."""
    preset = params.preset
    found = {"the list of registered seeds": json.dumps(rules.registered.get(preset))}
    for claim in rules.judged_in(preset):
        for test in (test for test in claim.tests if test.is_for(preset)):
            if not params.runs_of(test.experiment):
                continue
            what = f"the {test.kind} of {' and '.join(test.names())} in {test.metric} ({test.experiment})"
            found[f"claim {claim.key}: {what}"] = test.model_dump_json(exclude=IDLE)
    for number in published.numbers:
        if number.rule and number.rule.preset == preset:
            found[f"the rule of {number.key}"] = number.model_dump_json(include={"value", "rule"})
    return found


def _too_few_seeds(params: Params, rules: Claims) -> Iterator[str]:
    """The tests whose runs have fewer of the registered seeds than the tests need."""
    registered = set(rules.registered.get(params.preset, ()))
    for claim in rules.judged_in(params.preset):
        for test in (test for test in claim.tests if test.is_for(params.preset)):
            seeds = [registered & own for own in _seeds_of(params, test)]
            count = len(set.intersection(*seeds)) if seeds else None
            if count is not None and count < test.minimum_seeds:
                what = f"claim {claim.key}: the {test.kind} in {test.metric} needs {test.minimum_seeds}"
                yield f"{what} registered seeds; {' and '.join(test.names())} ({test.experiment}): {count}"


def _seeds_of(params: Params, test: Test) -> Iterator[set[int]]:
    """The seeds of each run or composition that `test` names and `params` has."""
    members = params.runs_of(test.experiment)
    for word in test.names():
        runs = [run for run in members if word == run]
        runs = runs or [run for run in members if method(params, run) == word]
        runs = runs or [run for run in members if params.resolve(run, "objective").kind == word]
        for run in runs:
            yield set(params.seeds_of(run))
        if word in params.compositions:
            models = params.compositions[word].models
            yield set.intersection(*(set(params.seeds_of(model.run)) for model in models))
