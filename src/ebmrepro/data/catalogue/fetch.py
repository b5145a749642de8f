"""The verified files of an entry: found in their folder, or downloaded into it.

A file lies under its name only when its checksum was right; until then it is `.downloading-<name>`, where an
interrupted download goes on. What a person put there is never changed or deleted.
"""

import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Collection
from contextlib import suppress
from functools import partial
from math import ceil
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from ebmrepro.data.catalogue.transfer import TransferError, size_of, transfer
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.machine.progress import progress
from ebmrepro.params.catalogue import Entry, SourceFile

PARTIAL = ".downloading-"
MEBIBYTE = 1 << 20
# How often one address is asked in a row: each time the rest of the file, if the server offers ranges.
ATTEMPTS = 5
# Left free beside a download, for whoever else writes to the disk.
SPARE_BYTES = 64 * MEBIBYTE


class Fetched(NamedTuple):
    """A file, or the folder accepted in its place, and the checksum that admitted it (None if none did)."""

    path: Path
    checksum: str | None


def fetch(entry: Entry, folder: Path, splits: Collection[str] | None = None) -> dict[str, Fetched]:
    """The files in `folder` that `splits` of `entry` need (None: all), verified, by their catalogue names.

    Files of open sets are downloaded if they are not there, from the publisher first, then from mirrors.
    Raises WorkspaceError with what to do: the terms are not accepted, a file must be placed by hand, has a
    wrong checksum, no address gave it, or the disk is full.
    """
    files = entry.files_of(splits)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as failure:
        raise WorkspaceError(
            f"{entry.name}: {folder} cannot be made ({failure.strerror}): choose another folder for the data"
        ) from None
    accepted, (name, line) = [], entry.acceptance
    with suppress(OSError, UnicodeDecodeError):
        accepted = [found.strip() for found in (folder / name).read_text(encoding="utf-8").splitlines()]
    if entry.access != "open" and line not in accepted:
        raise WorkspaceError(
            f"{entry.name}: a person must accept its terms ({entry.licence.rstrip('.')}): read them at"
            f' {entry.page}, then write this line into {folder / name}: "{line}"'
        )
    return {file.name: _one(entry, file, folder) for file in files}


def digest_of(path: Path, algorithm: str = "sha256") -> str:
    """Hexadecimal digest of a file, read in pieces; of a folder that of its files' names and digests."""
    # MD5 tells a damaged download from a whole one; nobody forges these sets.
    new = partial(hashlib.new, algorithm, usedforsecurity=False)
    if not path.is_dir():
        with open(path, "rb") as opened:
            return hashlib.file_digest(opened, new).hexdigest()
    digest = new()
    for file in sorted(file for file in path.rglob("*") if file.is_file()):
        line = f"{file.relative_to(path).as_posix()} {digest_of(file, algorithm)}\n"
        digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _matching(path: Path, file: SourceFile) -> str | None:
    """The first checksum of `file` that the bytes at `path` have, None if they have none of them."""
    pairs = ((checksum, *checksum.split(":")) for checksum in file.checksums)
    return next((known for known, algorithm, digest in pairs if digest_of(path, algorithm) == digest), None)


def _one(entry: Entry, file: SourceFile, folder: Path) -> Fetched:
    # Without the lock first: a file under its name is whole, and its folder may be read-only.
    if placed := _placed(entry, file, folder):
        return placed
    lock = FileLock(folder / f".{file.name}.lock")
    try:
        held = lock.acquire(timeout=0)
    except Timeout:
        print(f"{file.name}: another process is fetching it, waiting", file=sys.stderr, flush=True)
        held = lock.acquire()
    with held:
        return _placed(entry, file, folder) or _download(entry, file, folder)


def _placed(entry: Entry, file: SourceFile, folder: Path) -> Fetched | None:
    """What lies in the folder already; None if it is to be downloaded."""
    path = folder / file.name
    if path.is_file():
        checksum = _matching(path, file)
        if checksum or not file.checksums:
            return Fetched(path, checksum)
        raise WorkspaceError(
            f"{entry.name}: {path} is not the file that the catalogue names ({file.checksums[0]}): move it"
            f" away, then {'run again' if file.urls else 'put the right one there'}"
        )
    if file.instead and (folder / file.instead).exists():
        return Fetched(folder / file.instead, None)
    if not file.urls:
        expected = file.checksums[0] if file.checksums else "no checksum is known"
        raise WorkspaceError(
            f"{entry.name}: {file.name} must be placed by hand. {entry.how_to_get}. Get it from"
            f" {entry.page} and put it at {path} ({expected})"
        )
    return None


def _download(entry: Entry, file: SourceFile, folder: Path) -> Fetched:
    unfinished, path = folder / f"{PARTIAL}{file.name}", folder / file.name
    needed = max(file.size - size_of(unfinished), 0) + SPARE_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise WorkspaceError(
            f"{entry.name}: {file.name} needs {needed / 1e9:.2f} GB, the disk of {folder} has"
            f" {free / 1e9:.2f} GB free: make room or choose another folder"
        )
    refusals = []
    with progress(f"{file.name} (MiB)", ceil(file.size / MEBIBYTE)) as bar:
        bar.advance_to(ceil(size_of(unfinished) / MEBIBYTE))

        def tell(size: int) -> None:
            """Back if bytes must come again."""
            if steps := ceil(size / MEBIBYTE) - bar.done:
                bar.advance(steps)

        for url in file.urls:
            try:
                checksum = _from(url, file, unfinished, tell)
            except TransferError as failure:
                refusals.append(f"{url}: {failure}")
                continue
            with open(unfinished, "rb") as opened:
                os.fsync(opened.fileno())
            os.replace(unfinished, path)
            return Fetched(path, checksum)
    raise WorkspaceError(
        f"{entry.name}: no address gave {file.name} ({'; '.join(refusals)}): run again later, or put the file"
        f" with {file.checksums[0]} at {path}"
    )


def _from(url: str, file: SourceFile, unfinished: Path, tell: Callable[[int], None]) -> str:
    """The checksum of the file once `url` gave it; TransferError if it gives none or a wrong one."""
    for attempt in range(ATTEMPTS):
        before = size_of(unfinished)
        try:
            transfer(url, unfinished, file.size, tell)
        except TransferError:
            # Ask again only if that helps: something came, so the rest may come too.
            if size_of(unfinished) <= before or attempt + 1 == ATTEMPTS:
                raise
            continue
        if checksum := _matching(unfinished, file):
            return checksum
        unfinished.unlink()
        # What was resumed may have begun elsewhere: once more, from nothing.
        if not before:
            break
    raise TransferError("its checksum is wrong")
