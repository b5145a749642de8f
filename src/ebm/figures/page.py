"""The report as one HTML page that needs nothing else: from verdicts, tables and figures to its text."""

import base64
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from PIL import Image

from ebm.figures.caption import PAPER_PRESET
from ebm.figures.data import METHODS
from ebm.figures.table import MISSING, format_mean_sd, from_markdown

TEMPLATE = "report.html.j2"


@dataclass(frozen=True)
class Preset:
    """What the page shows of a preset.

    `verdicts` as ebm.reproduction.judge makes them; `tables` (Markdown text) and `figures` (PNG bytes) by
    name; `environments` by run; `params`, the text of params.yaml, where it is known.
    """

    name: str
    verdicts: Mapping
    tables: Mapping[str, str]
    figures: Mapping[str, bytes]
    environments: Mapping[str, Mapping] = field(default_factory=dict)
    params: str | None = None


def render(presets: list[Preset], reruns: list[Mapping], verdicts: Sequence[str]) -> str:
    """The page. `reruns`: what third parties got from the released code; `verdicts`: the words there are,
    the last for what was not measured.

    Raises ValueError or KeyError if a verdict, table or figure has not the form it is written in here.
    """
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(files("ebm.figures").joinpath(TEMPLATE).read_text(encoding="utf-8"))
    return template.render(
        presets=[_preset(preset, verdicts) for preset in presets],
        reruns=[{"text": _rerun(report), **report} for report in reruns],
        verdicts=verdicts,
    )


def _preset(preset: Preset, verdicts: Sequence[str]) -> dict:
    claims = [_row(row, verdicts) for row in preset.verdicts["claims"]]
    numbers = [_row(row, verdicts) for row in preset.verdicts["numbers"]]
    return {
        "name": preset.name,
        "is_paper": preset.name == PAPER_PRESET,
        "claims": _by_claim(claims),
        "numbers": numbers,
        "counts": {
            "tests of claims (their direction, on this preset's data)": _count(claims, verdicts),
            "published numbers": _count(numbers, verdicts),
        },
        "unmeasured": _unmeasured(claims, numbers, verdicts[-1]),
        "tables": [_table(name, text) for name, text in preset.tables.items()],
        "figures": [_figure(name, png) for name, png in preset.figures.items()],
        "environments": _environments(preset.environments),
        "params": preset.params,
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
    # JSON files keep their keys sorted: show method and baseline in the rule's order, not the alphabet's.
    order = [(row["rule"] or {}).get(key) for key in ("method", "objective", "baseline")]
    measured = sorted(row["measured"].items(), key=lambda item: order.index(item[0]))
    return {
        **row,
        "measured": [_measured(chosen, found) for chosen, found in measured],
        "rule_as_data": json.dumps(row["rule"], indent=2) if row["rule"] else None,
    }


def _measured(chosen: str, found: Mapping) -> dict:
    values = ", ".join(
        f"seed {seed}: {MISSING if value is None else format(value, '.4g')}"
        for seed, value in found["values"].items()
    )
    diverged = ", ".join(f"seed {seed} at iteration {at}" for seed, at in found["diverged"].items())
    return {
        # A rule names a run or an objective; a run is shown by its name alone.
        "method": None if chosen == found["run"] else METHODS.get(chosen, chosen),
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
