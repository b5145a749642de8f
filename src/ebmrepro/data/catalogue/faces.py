"""CelebA's tables, and its pictures in a folder or a zip, which is not extracted.

Tables have one line per image, its name and numbers, in the publisher's text or as CSV. The text of
attributes begins with the number of images, then a line of names; the CSV with a line of names, whose first
is that of the column of image names. The text of parts has no line of names.
"""

import csv
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from ebmrepro.data.catalogue.archives import named
from ebmrepro.data.catalogue.readers import Content, Item
from ebmrepro.files.workspace import WorkspaceError


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
    # As params.yaml admits them: 5_o_Clock_Shadow is five_o_clock_shadow.
    return tuple(re.sub("^5", "five", name.strip().lower()) for name in names), table


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


@contextmanager
def store(path: Path) -> Iterator[Mapping[str, Callable[[], bytes]]]:
    """What reads each file of a folder (with its sub-folders) or a zip archive, by its last name: in the sets
    read so, no two have the same. WorkspaceError if it is neither, or damaged."""
    with named(path):
        if path.is_dir():
            yield {p.name: p.read_bytes for p in path.rglob("*") if p.is_file()}
            return
        with zipfile.ZipFile(path) as opened:
            names = (name for name in opened.namelist() if not name.endswith("/"))
            yield {name.rsplit("/", 1)[-1]: partial(opened.read, name) for name in names}


def faces(path: Path, chosen: list[str], names: tuple[str, ...], table: dict) -> Content:
    """The images `chosen` of the folder or archive `path`, labelled with what `attributes` gave."""

    def items() -> Iterator[Item]:
        with store(path) as files:
            for image in chosen:
                yield image, files[image](), dict(zip(names, table[image], strict=True))

    # The publisher's -1 and 1, or the CSV's 0 and 1.
    return Content(len(chosen), dict.fromkeys(names, ("no", "yes")), items())
