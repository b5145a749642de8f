"""Named files that can be read in any order: a folder, or a zip archive of one. Nothing is extracted."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ebmrepro.data.catalogue.archives import named
from ebmrepro.files.workspace import WorkspaceError


class Store:
    """Files by their last name: in the sets read so, no two have the same."""

    def __init__(self, path: Path, members: dict[str, str], opened: zipfile.ZipFile | None):
        self.path, self._members, self._zip = path, members, opened

    def names(self, suffixes: tuple[str, ...] = ("",)) -> list[str]:
        """The names that end so (lower case), in alphabetical order."""
        return sorted(name for name in self._members if name.lower().endswith(suffixes))

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def read(self, name: str) -> bytes:
        """The bytes of a file; WorkspaceError if there is none of this name or it is damaged."""
        if name not in self._members:
            raise WorkspaceError(f"{self.path} lacks {name}: move it away, then get it again")
        with named(self.path):
            return (
                self._zip.read(self._members[name]) if self._zip else Path(self._members[name]).read_bytes()
            )


@contextmanager
def store(path: Path) -> Iterator[Store]:
    """Open a folder (with its sub-folders) or a zip archive; WorkspaceError if it is neither, or damaged."""
    if path.is_dir():
        yield Store(path, {p.name: str(p) for p in path.rglob("*") if p.is_file()}, None)
        return
    with named(path):
        opened = zipfile.ZipFile(path)
    with opened:
        yield Store(path, {m.rsplit("/", 1)[-1]: m for m in opened.namelist() if not m.endswith("/")}, opened)
