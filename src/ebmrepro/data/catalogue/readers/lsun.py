"""LSUN: a zip of an LMDB whose values are encoded images, or a folder of images exported from it.

Order: by LMDB key, byte by byte, as LMDB keeps them; of a folder, by the name of the file, which is the key.
LMDB maps a file into memory, so that the archive is extracted beside itself, once.
"""

from collections.abc import Iterator
from pathlib import Path

import lmdb

from ebmrepro.data.catalogue.archives import extract
from ebmrepro.data.catalogue.content import Content, Item
from ebmrepro.data.catalogue.stores import store
from ebmrepro.files.workspace import WorkspaceError

PICTURES = (".webp", ".jpg", ".jpeg", ".png")


def read(paths: list[Path], split: str) -> Content:
    """No labels."""
    (path,) = paths
    if path.is_file():
        folder = path.with_suffix("")
        if not folder.is_dir():
            extract(path, folder)
        path = folder
    databases = sorted(path.rglob("data.mdb"))
    return _database(databases[0].parent) if databases else _folder(path)


def _database(path: Path) -> Content:
    with _opened(path) as environment:
        count = environment.stat()["entries"]

    def items() -> Iterator[Item]:
        with _opened(path) as environment, environment.begin() as transaction:
            try:
                for key, value in transaction.cursor():
                    yield key.decode("ascii", "replace"), bytes(value), {}
            except lmdb.Error as failure:
                raise WorkspaceError(_damaged(path, failure)) from None

    return Content(count, {}, items)


def _opened(path: Path) -> lmdb.Environment:
    try:
        # lock: nobody writes, and the folder may be read-only. readahead: the file is larger than memory.
        return lmdb.open(str(path), readonly=True, lock=False, readahead=False, max_readers=1)
    except lmdb.Error as failure:
        raise WorkspaceError(_damaged(path, failure)) from None


def _damaged(path: Path, failure: Exception) -> str:
    return f"{path} is damaged or only half there ({failure}): delete the folder, it is extracted again"


def _folder(path: Path) -> Content:
    with store(path) as files:
        names = files.names(PICTURES)
    if not names:
        raise WorkspaceError(f"{path} holds neither an LMDB (data.mdb) nor images: get it again")

    def items() -> Iterator[Item]:
        with store(path) as files:
            for name in names:
                yield name, files.read(name), {}

    return Content(len(names), {}, items)
