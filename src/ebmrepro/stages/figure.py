"""figure: one figure as PDF and PNG, from the files of the one stage it names."""

from ebmrepro.files import workspace
from ebmrepro.params.root import Params
from ebmrepro.plots import style
from ebmrepro.shown.load import show


def run(params: Params, item: str) -> None:
    """Draw figure `item`; raises WorkspaceError if an input is missing or the experiment does not suit."""
    kind = params.figures[item].load()
    with style.applied():
        made, text, note = show(params, "figure", item, kind.draw)
        style.add_footer(made, text)
        files = style.render(made, text, note)
    for suffix, content in files.items():
        workspace.write_bytes(workspace.FIGURES / params.preset / f"{item}{suffix}", content)
