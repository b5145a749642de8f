"""The report as one HTML page that needs nothing else: from verdicts, tables and figures to its text."""

import base64
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from PIL import Image

from ebmrepro.params.methods import methods
from ebmrepro.shown.caption import PAPER_PRESET
from ebmrepro.tables.table import MISSING, format_mean_sd, from_markdown

TEMPLATE = "report.html.j2"


@dataclass(frozen=True)
class Preset:
    """What the page shows of a preset.

    `verdicts` as reproduction.judge makes them; `tables` (Markdown text) and `figures` (PNG bytes) by
    name; `environments` by run; `params`, those of params.yaml as YAML, where they are known.
    """

    name: str
    verdicts: Mapping
    tables: Mapping[str, str]
    figures: Mapping[str, bytes]
    environments: Mapping[str, Mapping] = field(default_factory=dict)
    params: str | None = None


def render(
    presets: list[Preset],
    reruns: list[Mapping],
    verdicts: Sequence[str],
    claims: Sequence[Mapping],
    absent: Mapping,
) -> str:
    """The page: the paper's scale first and apart, then every preset that was found.

    `reruns`: what third parties got from the released code. `verdicts`: the words there are, the last for
    what was not measured. `claims`: key, text, source and confidence of each, in their order. `absent`: the
    verdicts of the paper's preset where it is not among `presets`.

    Raises ValueError or KeyError if a verdict, table or figure has not the form it is written in here.
    """
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(
        files("ebmrepro.report").joinpath(TEMPLATE).read_text(encoding="utf-8")
    )
    found = sorted(presets, key=lambda preset: preset.name != PAPER_PRESET)
    shown = [_preset(preset, verdicts) for preset in found]
    has_run = found[0].name == PAPER_PRESET
    paper = shown[0] if has_run else _judged(absent, PAPER_PRESET, verdicts, has_run=False)
    others = [preset for preset in shown if not preset["is_paper"]]
    return template.render(
        presets=shown,
        paper=paper,
        others=others,
        claims=_side_by_side(claims, paper, others, verdicts),
        reruns=[{"text": _rerun(report), **report} for report in reruns],
        verdicts=verdicts,
    )


def _preset(preset: Preset, verdicts: Sequence[str]) -> dict:
    return _judged(preset.verdicts, preset.name, verdicts) | {
        "tables": [_table(name, text) for name, text in preset.tables.items()],
        "figures": [_figure(name, png) for name, png in preset.figures.items()],
        "environments": _environments(preset.environments),
        "params": preset.params,
    }


def _judged(content: Mapping, name: str, verdicts: Sequence[str], has_run: bool = True) -> dict:
    """What a file of verdicts says. Published numbers are the paper's alone: no other preset judges one."""
    is_paper = name == PAPER_PRESET
    claims = [_row(row, verdicts) for row in content["claims"]]
    # What has a scope was judged on runs; without one a preset that ran has nothing to test the claim with.
    tested = [row for row in claims if row["scope"] is not None or not has_run]
    numbers = content["numbers"] if is_paper else []
    targets = [_row(row, verdicts) for row in numbers if row["gate"]]
    counts = {"published numbers that are targets": _count(targets, verdicts)} if is_paper else {}
    what = "tests of claims" if is_paper else "tests of claims, on data of its own"
    return {
        "name": name,
        "is_paper": is_paper,
        "claims": _by_claim(claims),
        "targets": targets,
        "no_targets": [_with_measured(row) for row in numbers if not row["gate"]],
        "has_run": has_run,
        "counts": counts | {what: _count(tested, verdicts)},
        "unmeasured": _unmeasured(tested, targets, verdicts[-1]),
        "untested": [row["key"] for row in claims if row not in tested],
    }


def _side_by_side(
    claims: Sequence[Mapping], paper: Mapping, others: list[dict], verdicts: Sequence[str]
) -> list[dict]:
    """Each claim once with a cell for the paper's preset and one for each of `others`.

    Claims that only an older file of verdicts knows come last.
    """
    known: dict[str, Mapping] = {}
    for claim in (*claims, *(claim for preset in others for claim in preset["claims"])):
        known.setdefault(claim["key"], claim)
    return [
        {**claim, "cells": [_cell(preset, key, verdicts) for preset in (paper, *others)]}
        for key, claim in known.items()
    ]


def _cell(preset: Mapping, key: str, verdicts: Sequence[str]) -> dict:
    """The verdicts of a preset on a claim, counted; none where it has no test of the claim."""
    tests = [test for claim in preset["claims"] if claim["key"] == key for test in claim["tests"]]
    tested = [] if key in preset["untested"] else tests
    return {
        "is_paper": preset["is_paper"],
        "counts": {verdict: count for verdict, count in _count(tested, verdicts).items() if count},
        "link": f"{preset['name']}-claim-{key}" if tested and preset["has_run"] else None,
    }


def _by_claim(rows: list[dict]) -> list[dict]:
    """Each claim once, with its tests."""
    claims: dict[str, dict] = {}
    for row in rows:
        about = {key: row[key] for key in ("key", "text", "source", "confidence")}
        # Verdicts of before tests had statements have none.
        words = row.get("statement") or f"Experiment {row['rule']['experiment'] if row['rule'] else 'none'}"
        claims.setdefault(row["key"], about | {"tests": []})["tests"].append(row | {"statement": words})
    return list(claims.values())


def _row(row: Mapping, verdicts: Sequence[str]) -> dict:
    if row["verdict"] not in verdicts:
        raise ValueError(f"no verdict is called {row['verdict']!r}")
    return _with_measured(row)


def _with_measured(row: Mapping) -> dict:
    # JSON files keep their keys sorted: show method and baseline in the rule's order, not the alphabet's.
    order = [(row["rule"] or {}).get(key) for key in ("method", "objective", "baseline")]
    measured = sorted(row["measured"].items(), key=lambda item: order.index(item[0]) if row["rule"] else 0)
    return {
        **row,
        "measured": [_measured(chosen, found) for chosen, found in measured],
        "rule_as_data": _as_data(row["rule"]) if row["rule"] else None,
    }


def _as_data(rule: Mapping) -> str:
    # Why it is so stands in the rule's words.
    entries = {key: value for key, value in rule.items() if key != "why"}
    return json.dumps(entries, indent=2, ensure_ascii=False)


def _label(chosen: str) -> str:
    known = methods()
    return known[chosen].label if chosen in known else chosen


def _measured(chosen: str, found: Mapping) -> dict:
    values = ", ".join(
        f"seed {seed}: {MISSING if value is None else format(value, '.4g')}"
        for seed, value in found["values"].items()
    )
    diverged = ", ".join(f"seed {seed} at iteration {at}" for seed, at in found["diverged"].items())
    return {
        # A rule names a run or an objective; a run is shown by its name alone.
        "method": None if chosen == found["run"] else _label(chosen),
        "run": found["run"],
        "metric": found["metric"],
        "text": format_mean_sd(found["mean"], found["sd"]),
        "values": values,
        "diverged": diverged,
    }


def _count(rows: list[dict], verdicts: Sequence[str]) -> dict[str, int]:
    return {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in verdicts}


def _unmeasured(claims: list[dict], numbers: list[dict], word: str) -> list[dict]:
    """What was not measured, grouped by reason."""
    groups: dict[tuple[str, str], list[str]] = {}
    for what, rows in (("claims", claims), ("numbers", numbers)):
        for row in rows:
            if row["verdict"] == word:
                groups.setdefault((what, row["reason"]), []).append(row["key"])
    return [{"what": what, "reason": reason, "keys": keys} for (what, reason), keys in groups.items()]


def _table(name: str, text: str) -> dict:
    try:
        caption, columns, rows = from_markdown(text)
    except ValueError as failure:
        raise ValueError(f"table {name}: {failure}") from None
    return {"name": name, "caption": caption, "columns": columns, "rows": rows}


def _figure(name: str, png: bytes) -> dict:
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
            image.load()
            caption, (width, _) = image.text["Title"], image.size
    except (OSError, KeyError, SyntaxError):
        raise ValueError(f"figure {name}: not a PNG file of this project") from None
    data = base64.b64encode(png).decode("ascii")
    return {"name": name, "caption": caption, "width": width, "uri": f"data:image/png;base64,{data}"}


def _environments(environments: Mapping[str, Mapping]) -> list[dict]:
    """Each distinct environment with the runs that were trained in it."""
    groups: dict[str, dict] = {}
    for run, environment in sorted(environments.items()):
        key = json.dumps(environment, sort_keys=True)
        groups.setdefault(key, {"facts": sorted(environment.items()), "runs": []})["runs"].append(run)
    return list(groups.values())


def _rerun(report: Mapping) -> str:
    if report["range"] is not None:
        return f"{report['range'][0]} to {report['range'][1]}"
    if report["peak"] is not None:
        return f"peak {report['peak']} at iteration {report['at_iter']}"
    return str(report["value"])
