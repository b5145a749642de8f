"""table: one table as Markdown, CSV and LaTeX, from the metrics of an experiment."""

from importlib import import_module

from ebmrepro.files import workspace
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.root import Params
from ebmrepro.shown.caption import caption
from ebmrepro.shown.data import (
    Compared,
    Composed,
    Denoised,
    Detected,
    Measured,
    NothingToShow,
    Resampled,
    RunLabel,
)
from ebmrepro.shown.items import items_of, runs_shown
from ebmrepro.shown.labels import label_runs
from ebmrepro.shown.read import compared, composed, denoised, detected, measured, resampled
from ebmrepro.tables.table import to_csv, to_latex, to_markdown


def run(params: Params, item: str) -> None:
    """Write table `item`; raises WorkspaceError if an input is missing or the experiment does not suit."""
    config = params.tables[item]
    kind = import_module(f"ebmrepro.tables.{config.kind}")
    labels = label_runs(params, runs_shown(params, config.stage, config.experiment))
    names = [label.name for label in labels]
    if config.stage != "evaluate":
        names = items_of(params, config.stage, config.experiment)
    contents = [
        workspace.load_json(workspace.run_file(params.preset, config.stage, config.experiment, name, ".json"))
        for name in names
    ]
    try:
        entries = _entries(params, config.stage, names, contents, labels)
        table = kind.make(entries)
    except NothingToShow as failure:
        raise WorkspaceError(f"table {item}: {failure}") from None
    text = caption(params, "tables", item, kind.note(entries))
    inputs = [config.kind, text, [[*label] for label in labels], contents]
    note = f"preset: {params.preset}; inputs sha256: {workspace.data_sha256(inputs)}"
    forms = {
        ".md": to_markdown(table, text, note),
        ".csv": to_csv(table, text, note, params.preset),
        ".tex": to_latex(table, text, note, item),
    }
    for suffix in workspace.TABLE_SUFFIXES:
        workspace.write_text(workspace.FIGURES / params.preset / f"{item}{suffix}", forms[suffix])


def _entries(
    params: Params, stage: str, names: list[str], contents: list[dict], labels: list[RunLabel]
) -> list[Measured] | list[Composed] | list[Detected] | list[Denoised] | list[Compared] | list[Resampled]:
    """What the table is made of: one entry for each run, or for each item of the stage."""
    if stage == "compose":
        orders = [params.compositions[name].expressions for name in names]
        return [composed(content, order) for content, order in zip(contents, orders, strict=True)]
    of_items = {"detect": detected, "denoise": denoised, "compare": compared, "resample": resampled}
    if stage in of_items:
        return [of_items[stage](content, labels) for content in contents]
    return [measured(label, content) for label, content in zip(labels, contents, strict=True)]
