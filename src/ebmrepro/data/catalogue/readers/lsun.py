"""LSUN: a zip of an LMDB whose values are encoded images, or a folder of images exported from it.

Order: by LMDB key, byte by byte, as LMDB keeps them; of a folder, by the name of the file, which is the key.
LMDB maps a file into memory, so that the archive is extracted beside itself, once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import lmdb

from ebmrepro.data.catalogue.archives import extract, named
from ebmrepro.data.catalogue.readers import Content, Item
from ebmrepro.files.workspace import WorkspaceError

PICTURES = {".webp", ".jpg", ".jpeg", ".png"}


def read(split: str, path: Path) -> Content:
    """No labels."""
    if path.is_file():
        archive, path = path, path.with_suffix("")
        if not path.is_dir():
            extract(archive, path)
    if databases := sorted(path.rglob("data.mdb")):
        database = databases[0].parent
        with _opened(database) as environment:
            return Content(environment.stat()["entries"], {}, _values(database))
    pictures = [p for p in path.rglob("*") if p.suffix.lower() in PICTURES and p.is_file()]
    if not pictures:
        raise WorkspaceError(f"{path} holds neither an LMDB (data.mdb) nor images: get it again")
    return Content(len(pictures), {}, _files(path, sorted(pictures, key=lambda picture: picture.name)))


@contextmanager
def _opened(path: Path) -> Iterator[lmdb.Environment]:
    try:
        # lock: nobody writes, and the folder may be read-only. readahead: the file is larger than memory.
        with lmdb.open(str(path), readonly=True, lock=False, readahead=False, max_readers=1) as environment:
            yield environment
    except lmdb.Error as failure:
        raise WorkspaceError(
            f"{path} is damaged or only half there ({failure}): delete the folder, it is extracted again"
        ) from None


def _values(path: Path) -> Iterator[Item]:
    with _opened(path) as environment, environment.begin() as transaction:
        for key, value in transaction.cursor():
            yield key.decode("ascii", "replace"), bytes(value), {}


def _files(folder: Path, pictures: list[Path]) -> Iterator[Item]:
    with named(folder):
        for picture in pictures:
            yield picture.name, picture.read_bytes(), {}
