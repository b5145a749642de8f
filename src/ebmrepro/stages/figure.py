"""figure: one figure as PDF and PNG, from the files of the one stage it names."""

from ebmrepro.files import workspace
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.root import Params
from ebmrepro.plots import style
from ebmrepro.shown.caption import caption
from ebmrepro.shown.data import NothingToShow
from ebmrepro.shown.load import load


def run(params: Params, item: str) -> None:
    """Draw figure `item`; raises WorkspaceError if an input is missing or the experiment does not suit."""
    config = params.figures[item]
    kind = config.load()
    try:
        labels, data, digests = load(params, config, "figure")
        with style.applied():
            made, note = kind.draw(data)
            text = caption(params, "figures", item, note)
            style.add_footer(made, text)
            inputs = [config.kind, text, [[*label] for label in labels], digests]
            files = style.render(made, text, params.preset, workspace.data_sha256(inputs))
    except NothingToShow as failure:
        raise WorkspaceError(f"figure {item}: {failure}") from None
    for suffix, content in files.items():
        workspace.write_bytes(workspace.FIGURES / params.preset / f"{item}{suffix}", content)
