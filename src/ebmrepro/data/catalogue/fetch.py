"""The verified files of an entry: found in their folder, or downloaded into it.

A file lies under its name only when its checksum was right; until then it is `.downloading-<name>`, where an
interrupted download goes on. What a person put there is never changed or deleted.
"""

import os
import shutil
import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from ebmrepro.data.catalogue.checksums import matching
from ebmrepro.data.catalogue.transfer import TransferError, transfer
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.machine import progress as bars
from ebmrepro.params.catalogue import Entry, SourceFile

PARTIAL = ".downloading-"
MEBIBYTE = 1 << 20
# How often one address is asked in a row: each time the rest of the file, if the server offers ranges.
ATTEMPTS = 5
# Left free beside a download, for whoever else writes to the disk.
SPARE_BYTES = 64 * MEBIBYTE

Bars = Callable[[str, int], AbstractContextManager]


@dataclass(frozen=True)
class Fetched:
    """A file, or the folder accepted in its place, and the checksum that admitted it (None if none did)."""

    path: Path
    checksum: str | None


def fetch(
    entry: Entry, folder: Path, splits: Iterable[str] | None = None, progress: Bars = bars.progress
) -> dict[str, Fetched]:
    """The files in `folder` that `splits` of `entry` need (None: all), verified, by their catalogue names.

    Files of open sets are downloaded if they are not there, from the publisher first, then from mirrors.
    `progress(label, total)` shows mebibytes. Raises WorkspaceError with what to do: the terms are not
    accepted, a file must be placed by hand, has a wrong checksum, no address gave it, or the disk is full.
    """
    files = entry.files_of(None if splits is None else tuple(splits))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as failure:
        raise WorkspaceError(
            f"{entry.name}: {folder} cannot be made ({failure.strerror}): choose another folder for the data"
        ) from None
    if entry.access != "open":
        _check_acceptance(entry, folder)
    return {file.name: _one(entry, file, folder, progress) for file in files}


def _one(entry: Entry, file: SourceFile, folder: Path, progress: Bars) -> Fetched:
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
        return _placed(entry, file, folder) or _download(entry, file, folder, progress)


def _placed(entry: Entry, file: SourceFile, folder: Path) -> Fetched | None:
    """What lies in the folder already; None if it is to be downloaded."""
    path = folder / file.name
    if path.is_file():
        if not file.checksums:
            return Fetched(path, None)
        if checksum := matching(path, file):
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


def _check_acceptance(entry: Entry, folder: Path) -> None:
    name, line = entry.acceptance
    path = folder / name
    try:
        accepted = line in (part.strip() for part in path.read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError):
        accepted = False
    if not accepted:
        raise WorkspaceError(
            f"{entry.name}: a person must accept its terms ({entry.licence.rstrip('.')}): read them at"
            f' {entry.page}, then write this line into {path}: "{line}"'
        )


def _download(entry: Entry, file: SourceFile, folder: Path, progress: Bars) -> Fetched:
    partial = folder / f"{PARTIAL}{file.name}"
    _check_space(entry, file, partial)
    refusals = []
    with progress(f"{file.name} (MiB)", -(-file.size // MEBIBYTE)) as bar:
        advance = _mebibytes(bar, partial.stat().st_size if partial.exists() else 0)
        for url in file.urls:
            try:
                checksum = _from(url, file, partial, advance)
            except TransferError as failure:
                refusals.append(f"{url}: {failure}")
                continue
            with open(partial, "rb") as opened:
                os.fsync(opened.fileno())
            os.replace(partial, folder / file.name)
            return Fetched(folder / file.name, checksum)
    raise WorkspaceError(
        f"{entry.name}: no address gave {file.name} ({'; '.join(refusals)}): run again later, or put the file"
        f" with {file.checksums[0]} at {folder / file.name}"
    )


def _from(url: str, file: SourceFile, partial: Path, advance: Callable[[int], None]) -> str:
    """The checksum of the file once `url` gave it; TransferError if it gives none or a wrong one."""
    for attempt in range(ATTEMPTS):
        before = partial.stat().st_size if partial.exists() else 0
        try:
            transfer(url, partial, file.size, advance)
        except TransferError:
            after = partial.stat().st_size if partial.exists() else 0
            # Ask again only if that helps: something came, so the rest may come too.
            if after <= before or attempt + 1 == ATTEMPTS:
                raise
            continue
        if checksum := matching(partial, file):
            return checksum
        partial.unlink()
        advance(-file.size)
        # What was resumed may have begun elsewhere: once more, from nothing.
        if not before:
            break
    raise TransferError("its checksum is wrong")


def _check_space(entry: Entry, file: SourceFile, partial: Path) -> None:
    have = partial.stat().st_size if partial.exists() else 0
    needed = max(file.size - have, 0) + SPARE_BYTES
    free = shutil.disk_usage(partial.parent).free
    if free < needed:
        raise WorkspaceError(
            f"{entry.name}: {file.name} needs {needed / 1e9:.2f} GB, the disk of {partial.parent} has"
            f" {free / 1e9:.2f} GB free: make room or choose another folder"
        )


def _mebibytes(bar, total: int) -> Callable[[int], None]:
    """Advances `bar`, at `total` bytes now, by mebibytes as bytes come, and back if they must come again."""
    bar.advance_to(-(-total // MEBIBYTE))

    def advance(count: int) -> None:
        nonlocal total
        before, total = total, total + count
        # A last, incomplete mebibyte counts as one.
        steps = -(-total // MEBIBYTE) - -(-before // MEBIBYTE)
        if steps:
            bar.advance(steps)

    return advance
