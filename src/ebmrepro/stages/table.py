"""table: one table as Markdown, CSV and LaTeX, from the metrics of an experiment."""

from ebmrepro.files import workspace
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.root import Params
from ebmrepro.shown.caption import caption
from ebmrepro.shown.data import NothingToShow
from ebmrepro.shown.load import load
from ebmrepro.tables.table import to_csv, to_latex, to_markdown


def run(params: Params, item: str) -> None:
    """Write table `item`; raises WorkspaceError if an input is missing or the experiment does not suit."""
    config = params.tables[item]
    kind = config.load()
    try:
        labels, data, contents = load(params, config, "table")
        table, note = kind.make(data)
    except NothingToShow as failure:
        raise WorkspaceError(f"table {item}: {failure}") from None
    text = caption(params, "tables", item, note)
    inputs = [config.kind, text, [[*label] for label in labels], contents]
    made_of = f"preset: {params.preset}; inputs sha256: {workspace.data_sha256(inputs)}"
    files = {
        ".md": to_markdown(table, text, made_of),
        ".csv": to_csv(table, text, made_of, params.preset),
        ".tex": to_latex(table, text, made_of, item),
    }
    for suffix, content in files.items():
        workspace.write_text(workspace.FIGURES / params.preset / f"{item}{suffix}", content)
