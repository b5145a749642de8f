"""CelebA's tables, and its pictures in a folder or a zip, which is not extracted.

Tables have one line per image, its name and numbers, in the publisher's text or as CSV.

The text of attributes begins with the number of images, then a line of names; the CSV with a line of names,
whose first is that of the column of image names. The text of parts has no line of names.
"""

import csv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ebmrepro.data.catalogue.archives import named
from ebmrepro.data.catalogue.readers import Content, Item
from ebmrepro.files.workspace import WorkspaceError

# What the publisher's -1 and 1, or the CSV's 0 and 1, are called.
VALUES = ("no", "yes")


def attributes(text: str, path: Path) -> tuple[tuple[str, ...], dict[str, tuple[int, ...]]]:
    """Names of the attributes, lower case, and by image 0 or 1 for each; WorkspaceError if it is cut."""
    try:
        if "," in text:
            (_, *names), *rows = _rows(text)
            expected = len(rows)
        else:
            (expected,), names, *rows = _rows(text)
        table = {row[0]: tuple(int(int(value) > 0) for value in row[1:]) for row in rows if row}
        whole = len(table) == int(expected) and all(len(values) == len(names) for values in table.values())
    except (IndexError, ValueError):
        whole = False
    if not whole or not names:
        raise WorkspaceError(f"{path} is no whole table of attributes: get it again")
    return tuple(map(_plain, names)), table


def numbers(text: str, path: Path, column: int = 1) -> dict[str, str]:
    """By the first column the texts of `column` of a table, whose second column is a number; a line of names
    at its head is left out. WorkspaceError if a line is cut."""
    rows = _rows(text)
    try:
        if not rows[0][1].strip().isdecimal():
            rows = rows[1:]
        if not rows or not all(row[1].strip().isdecimal() for row in rows):
            raise ValueError
        return {row[0]: row[column].strip() for row in rows}
    except (IndexError, ValueError):
        raise WorkspaceError(f"{path} is no whole table: get it again") from None


def _rows(text: str) -> list[list[str]]:
    lines = text.strip().splitlines()
    return list(csv.reader(lines)) if "," in text else [line.split() for line in lines]


def _plain(name: str) -> str:
    """A name that params.yaml admits: 5_o_Clock_Shadow is five_o_clock_shadow."""
    name = name.strip().lower()
    return "five" + name[1:] if name.startswith("5") else name


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


def faces(path: Path, chosen: list[str], names: tuple[str, ...], table: dict) -> Content:
    """The images `chosen` of the folder or archive `path`, labelled with what `attributes` gave."""

    def items() -> Iterator[Item]:
        with store(path) as files:
            for image in chosen:
                yield image, files.read(image), dict(zip(names, table[image], strict=True))

    return Content(len(chosen), dict.fromkeys(names, VALUES), items())
