"""Named files that can be read in any order: a folder, or a zip archive of one. Nothing is extracted."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ebmrepro.data.catalogue.archives import named
from ebmrepro.files.workspace import WorkspaceError


class Store:
    """Files by their last name: in the sets read so, no two have the same."""

    def __init__(self, path: Path, opened: zipfile.ZipFile | None):
        names = opened.namelist() if opened else (str(p) for p in path.rglob("*") if p.is_file())
        self.path, self._zip = path, opened
        self._members = {name.rsplit("/", 1)[-1]: name for name in names if not name.endswith("/")}

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def read(self, name: str) -> bytes:
        """The bytes of a file; WorkspaceError if there is none of this name or it is damaged."""
        if name not in self._members:
            raise WorkspaceError(f"{self.path} lacks {name}: move it away, then get it again")
        member = self._members[name]
        with named(self.path):
            return self._zip.read(member) if self._zip else Path(member).read_bytes()

    def text(self, name: str) -> str:
        """The text of a file; WorkspaceError also if it is none."""
        try:
            return self.read(name).decode("utf-8")
        except UnicodeDecodeError:
            raise WorkspaceError(f"{self.path}: {name} is no text: get it again") from None


@contextmanager
def store(path: Path) -> Iterator[Store]:
    """Open a folder (with its sub-folders) or a zip archive; WorkspaceError if it is neither, or damaged."""
    if path.is_dir():
        yield Store(path, None)
        return
    with named(path):
        opened = zipfile.ZipFile(path)
    with opened:
        yield Store(path, opened)
