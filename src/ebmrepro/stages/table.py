"""table: one table as Markdown, CSV and LaTeX, from the metrics of an experiment."""

from ebmrepro.files import workspace
from ebmrepro.params.root import Params
from ebmrepro.shown.load import show
from ebmrepro.tables.table import to_csv, to_latex, to_markdown


def run(params: Params, item: str) -> None:
    """Write table `item`; raises WorkspaceError if an input is missing or the experiment does not suit."""
    table, text, note = show(params, "table", item, params.tables[item].load().make)
    files = {
        ".md": to_markdown(table, text, note),
        ".csv": to_csv(table, text, note, params.preset),
        ".tex": to_latex(table, text, note, item),
    }
    for suffix, content in files.items():
        workspace.write_text(workspace.FIGURES / params.preset / f"{item}{suffix}", content)
