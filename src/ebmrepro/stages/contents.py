"""contents: the hash of what lies in a folder of images, so that DVC sees when it changes."""

from pathlib import Path

from ebmrepro.files.folder_contents import contents
from ebmrepro.files.workspace import WorkspaceError, save_json
from ebmrepro.params.base import ParamsError
from ebmrepro.params.root import Params
from ebmrepro.params.words import no_such


def run(params: Params, item: str) -> None:
    """Write contents/<item>.json. Raises WorkspaceError if the folder is not there."""
    if item not in params.folders:
        raise ParamsError(f"params.yaml: folders: {no_such('folder', item, params.folders)}")
    if not Path(params.folders[item]).is_dir():
        raise WorkspaceError(f"folders.{item}: {params.folders[item]} is not a folder")
    save_json(Path("contents") / f"{item}.json", {"folder": item, "contents": contents(params.folders[item])})
