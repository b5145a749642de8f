"""Verdicts beside those of the same runs made with other kernels: one that differs is undecided."""

import json
from collections.abc import Iterator, Mapping

from ebmrepro.reproduction.decision import UNDECIDED

DIFFERS = "differs with other kernels"
STALE = "the verdicts with other kernels are of other rules than today's: run `make other-kernels` anew"
SHOWN = ("verdict", "reason", "statistic")


def beside(verdicts: Mapping, other: Mapping) -> dict:
    """`verdicts` as the report shows them beside `other`; `judge` gave both, and under `kernels` `other` says
    by what it was made.

    Every judged row then has both under `kernels`. `other_kernels` is what `other` was made by, or says why
    it takes no part: its rules or seeds are not those of `verdicts`.
    """
    theirs = dict(_judged(other))
    ours = dict(_judged(verdicts))
    if ours.keys() != theirs.keys() or verdicts["registered"] != other.get("registered"):
        return {**verdicts, "other_kernels": {"stale": STALE}}
    found = {key: _both(row, theirs[key]) for key, row in ours.items()}
    tables = {part: [found.get(_key(row), row) for row in verdicts[part]] for part in ("claims", "numbers")}
    return {**verdicts, **tables, "other_kernels": other["kernels"]}


def _judged(verdicts: Mapping) -> Iterator[tuple[str, Mapping]]:
    """The rows that a rule has judged on runs, by what they are."""
    for row in [*verdicts["claims"], *verdicts["numbers"]]:
        if row["rule"] and row["scope"]:
            yield _key(row), row


def _key(row: Mapping) -> str:
    """The rule and what it is about, however it was stored."""
    return json.dumps([row["key"], row["rule"]], sort_keys=True)


def _both(here: Mapping, there: Mapping) -> dict:
    shown = {name: {key: row[key] for key in SHOWN} for name, row in (("here", here), ("other", there))}
    row = {**here, "kernels": shown}
    if here["verdict"] == there["verdict"]:
        return row
    reason = f"{DIFFERS}: {here['verdict']} here, {there['verdict']} there"
    return {**row, "verdict": UNDECIDED, "reason": reason}
