"""The report as one HTML page that needs nothing else: from verdicts, tables and figures to its text."""

import base64
import io
import json
from collections.abc import Mapping
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from PIL import Image

from ebmrepro.params.methods import methods
from ebmrepro.reproduction.decision import CONTRADICTED, NOT_MEASURED, REPRODUCED, VERDICTS
from ebmrepro.reproduction.evidence import ALPHA
from ebmrepro.reproduction.published import RerunReport
from ebmrepro.reproduction.rules import Claim
from ebmrepro.shown.caption import PAPER_PRESET
from ebmrepro.tables.table import MISSING, format_mean_sd, from_markdown

# What the page says of a claim beside its tests.
ABOUT = ("key", "text", "source", "confidence")
PROVISIONAL = "provisional: its rules were not fixed before its runs"
# Numbers of a test that are shown beside its effect.
SHOWN = ("p", "p_holm", "margin", "p_equivalence", "p_equivalence_holm")


def render(presets: list[dict], claims: list[Claim], reruns: list[RerunReport], absent: Mapping) -> str:
    """The page: the paper's scale first and apart, then every other of the `presets`.

    A preset is what `judged` gives, with its `tables`, `figures` and `environments`, and its `params` as YAML
    where they are known. `reruns`: what third parties got from the released code. `absent`: the verdicts of
    the paper's preset where it is not among `presets`.

    Raises ValueError or KeyError if a verdict, table or figure has not the form it is written in here.
    """
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    source = files("ebmrepro.report").joinpath("report.html.j2").read_text(encoding="utf-8")
    shown = sorted(presets, key=lambda preset: not preset["is_paper"])
    paper = shown[0] if shown[0]["is_paper"] else judged(absent, PAPER_PRESET, has_run=False)
    others = [preset for preset in shown if not preset["is_paper"]]
    return environment.from_string(source).render(
        presets=shown,
        paper=paper,
        others=others,
        claims=_side_by_side(claims, paper, others),
        reruns=reruns,
        verdicts=VERDICTS,
        decided={verdict: _decided(verdict, [paper, *others]) for verdict in (CONTRADICTED, REPRODUCED)},
        level=f"{ALPHA:.0%}",
        provisional=PROVISIONAL,
    )


def judged(content: Mapping, name: str, has_run: bool = True) -> dict:
    """What a file of verdicts says. Published numbers are the paper's alone: no other preset judges one."""
    is_paper = name == PAPER_PRESET
    claims = [_row(row) for row in content["claims"]]
    # What has a scope was judged on runs; without one a preset that ran has nothing to test the claim with.
    tested = [row for row in claims if row["scope"] is not None or not has_run]
    numbers = [_row(row) for row in content["numbers"]] if is_paper else []
    targets = [row for row in numbers if row["gate"]]
    counts = {"published numbers that are targets": _count(targets)} if is_paper else {}
    what = "tests of claims" if is_paper else "tests of claims, on data of its own"
    return {
        "name": name,
        "is_paper": is_paper,
        "claims": _by_claim(claims),
        "targets": targets,
        "no_targets": [row for row in numbers if not row["gate"]],
        "has_run": has_run,
        # Files of before presets could be registered do not say it.
        "is_provisional": has_run and content.get("registered") is None,
        "seeds": content.get("registered"),
        "kernels": content.get("other_kernels"),
        "by_kernels": [row for row in [*claims, *targets] if row["kernels"]],
        "counts": counts | {what: _count(tested)},
        "unmeasured": _unmeasured(tested, targets),
        "untested": [row["key"] for row in claims if row not in tested],
    }


def _side_by_side(claims: list[Claim], paper: Mapping, others: list[dict]) -> list[dict]:
    """Each claim once with a cell for the paper's preset and one for each of `others`.

    Claims that only an older file of verdicts knows come last.
    """
    known: dict[str, Mapping] = {claim.key: claim.model_dump(include=set(ABOUT)) for claim in claims}
    for preset in others:
        for claim in preset["claims"]:
            known.setdefault(claim["key"], claim)
    return [
        {**claim, "cells": [_cell(preset, key) for preset in (paper, *others)]}
        for key, claim in known.items()
    ]


def _cell(preset: Mapping, key: str) -> dict:
    """The verdicts of a preset on a claim, counted; none where it has no test of the claim."""
    tests = [test for claim in preset["claims"] if claim["key"] == key for test in claim["tests"]]
    tested = [] if key in preset["untested"] else tests
    return {
        "is_paper": preset["is_paper"],
        "counts": {verdict: count for verdict, count in _count(tested).items() if count},
        "link": f"{preset['name']}-claim-{key}" if tested and preset["has_run"] else None,
    }


def _by_claim(rows: list[dict]) -> list[dict]:
    """Each claim once, with its tests."""
    claims: dict[str, dict] = {}
    for row in rows:
        words = row["statement"] or f"Experiment {row['rule']['experiment'] if row['rule'] else 'none'}."
        claim = claims.setdefault(row["key"], {key: row[key] for key in ABOUT} | {"tests": []})
        claim["tests"].append(row | {"statement": words})
    return list(claims.values())


def _row(row: Mapping) -> dict:
    """A claim's test or a published number; one that is no target has no verdict."""
    if row.get("gate", True) and row["verdict"] not in VERDICTS:
        raise ValueError(f"no verdict is called {row['verdict']!r}")
    rule = row["rule"] or {}
    # JSON files keep their keys sorted: show method and baseline in the rule's order, not the alphabet's.
    order = [rule.get(key) for key in ("method", "objective", "baseline")]
    measured = sorted(row["measured"].items(), key=lambda item: order.index(item[0]) if rule else 0)
    # Why it is so stands in the rule's words.
    data = {key: value for key, value in rule.items() if key != "why"}
    kernels = row.get("kernels") or {}
    return {
        **row,
        "kernels": {where: _of_kernels(found) for where, found in kernels.items()},
        "measured": [_measured(chosen, found) for chosen, found in measured],
        "evidence": _evidence(row["statistic"]),
        "rule_as_data": json.dumps(data, indent=2, ensure_ascii=False) if rule else None,
    }


def _of_kernels(found: Mapping) -> dict:
    if found["verdict"] not in VERDICTS:
        raise ValueError(f"no verdict is called {found['verdict']!r}")
    return {**found, "evidence": _evidence(found["statistic"])}


def _measured(chosen: str, found: Mapping) -> dict:
    values = ", ".join(
        f"seed {seed}: {MISSING if value is None else format(value, '.4g')}"
        for seed, value in found["values"].items()
    )
    label = methods()[chosen].label if chosen in methods() else chosen
    return {
        # A rule names a run or an objective; a run is shown by its name alone.
        "method": None if chosen == found["run"] else label,
        "run": found["run"],
        "metric": found["metric"],
        "text": format_mean_sd(found["mean"], found["sd"]),
        "values": values,
        "diverged": ", ".join(f"seed {seed} at iteration {at}" for seed, at in found["diverged"].items()),
    }


def _evidence(statistic: Mapping) -> dict | None:
    """The numbers of a test as they are shown; None where there was none."""
    if not statistic:
        return None
    shown = {key: None if statistic[key] is None else _rounded(statistic[key]) for key in SHOWN}
    effect = "none" if statistic["effect"] is None else _rounded(statistic["effect"])
    if statistic["interval"] is not None:
        low, high = map(_rounded, statistic["interval"])
        effect += f" [{low}, {high}]"
    return shown | {"what": statistic["effect_is"], "effect": effect}


def _rounded(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")


def _decided(verdict: str, presets: list[dict]) -> list[dict]:
    """The targets and tests of presets that ran with a verdict, each with words and where it stands."""
    found = []
    for preset in (preset for preset in presets if preset["has_run"]):
        about = {"is_provisional": preset["is_provisional"]}
        for row in preset["targets"]:
            words = f"{row['dataset']}, {row['metric']}, published {row['value']}."
            found.append(row | about | {"text": words, "statement": "", "link": "paper-scale"})
        for claim in preset["claims"]:
            link = f"{preset['name']}-claim-{claim['key']}"
            found += [test | about | {"text": claim["text"], "link": link} for test in claim["tests"]]
    return [row for row in found if row["verdict"] == verdict]


def _count(rows: list[dict]) -> dict[str, int]:
    return {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in VERDICTS}


def _unmeasured(claims: list[dict], numbers: list[dict]) -> list[dict]:
    """What was not measured, grouped by reason."""
    groups: dict[tuple[str, str], list[str]] = {}
    for what, rows in (("claims", claims), ("numbers", numbers)):
        for row in rows:
            if row["verdict"] == NOT_MEASURED:
                groups.setdefault((what, row["reason"]), []).append(row["key"])
    return [{"what": what, "reason": reason, "keys": keys} for (what, reason), keys in groups.items()]


def table(name: str, text: str) -> dict:
    """A table from its Markdown text; raises ValueError as `figure` does."""
    try:
        caption, columns, rows = from_markdown(text)
    except ValueError as failure:
        raise ValueError(f"table {name}: {failure}") from None
    return {"name": name, "caption": caption, "columns": columns, "rows": rows}


def figure(name: str, png: bytes) -> dict:
    """A figure from its PNG file, with the caption in there; raises ValueError if it is none of these."""
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
            image.load()
            caption, (width, _) = image.text["Title"], image.size
    except (OSError, KeyError, SyntaxError):
        raise ValueError(f"figure {name}: not a PNG file of this project") from None
    data = base64.b64encode(png).decode("ascii")
    return {"name": name, "caption": caption, "width": width, "uri": f"data:image/png;base64,{data}"}


def environments(by_run: Mapping[str, Mapping]) -> list[dict]:
    """Each distinct environment with the runs that were trained in it."""
    groups: dict[str, dict] = {}
    for run, environment in sorted(by_run.items()):
        key = json.dumps(environment, sort_keys=True)
        groups.setdefault(key, {"facts": sorted(environment.items()), "runs": []})["runs"].append(run)
    return list(groups.values())
