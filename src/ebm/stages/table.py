"""table: one table as Markdown, CSV and LaTeX, from the metrics of an experiment's runs."""

from importlib import import_module

from ebm import workspace
from ebm.figures.caption import caption
from ebm.figures.data import Measured, NothingToShow, label_runs, read_outcomes
from ebm.figures.table import to_csv, to_latex, to_markdown
from ebm.params import Params
from ebm.workspace import WorkspaceError


def run(params: Params, item: str) -> None:
    """Write table `item`; raises WorkspaceError if an input is missing or the experiment does not suit."""
    config = params.tables[item]
    kind = import_module(f"ebm.figures.table_{config.kind}")
    runs, inputs = [], []
    for label in label_runs(params, config.experiment):
        path = workspace.run_file(params.preset, "evaluate", config.experiment, label.name, ".json")
        content = workspace.load_json(path)
        seeds = content["seeds"]
        metrics = {int(seed): entry["metrics"] for seed, entry in seeds.items()}
        runs.append(Measured(label, metrics, read_outcomes(seeds), content["reference"]))
        inputs.append([*label, seeds, content["reference"]])
    try:
        table = kind.make(runs)
    except NothingToShow as failure:
        raise WorkspaceError(f"table {item}: {failure}") from None
    text = caption(params, "tables", item, kind.note(runs))
    note = f"preset: {params.preset}; inputs sha256: {workspace.data_sha256([config.kind, text, inputs])}"
    forms = {
        ".md": to_markdown(table, text, note),
        ".csv": to_csv(table, text, note, params.preset),
        ".tex": to_latex(table, text, note, item),
    }
    for suffix in workspace.TABLE_SUFFIXES:
        workspace.write_text(workspace.FIGURES / params.preset / f"{item}{suffix}", forms[suffix])
