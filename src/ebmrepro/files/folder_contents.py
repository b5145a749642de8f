"""What a folder holds, as one number, cheaply at every call but the first.

Neither runner looks into files that a user brings, and their names and sizes alone do not tell two images
that changed places.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ebmrepro.files.workspace import WorkspaceError, data_sha256, file_sha256, load_json, write_text

# A file may change again within the tick of the clock in which it was hashed, and its stamps stay as they
# are: those of files that changed so few nanoseconds ago are not relied on. FAT counts in steps of 2 s.
SETTLED = 3 * 10**9
# Where caches lie, one for each folder by the name that it was asked by.
WORK = Path(".work/contents")


def contents(folder: Path | str, cache: Path | None = None) -> str:
    """SHA-256, hexadecimal, of the relative names and the contents of all files below `folder`.

    The file `cache`, by default one in WORK, remembers the hash of each file by its name, size, time stamps
    and inode, so that only what changed is read. Any number of processes may use it at once; where it is
    missing, damaged or cannot be written, the files are read. Links are followed. A folder that is not there
    is like an empty one. Raises WorkspaceError if a file cannot be read.
    """
    folder = Path(folder)
    cache = cache or WORK / f"{data_sha256(str(folder))[:16]}.json"
    kept, known, digest = {}, {}, hashlib.sha256()
    with suppress(WorkspaceError):
        known = load_json(cache)["files"]
    settled = time.time_ns() - SETTLED
    try:
        for name, stat in sorted(_files(str(folder)) if folder.is_dir() else ()):
            stamps = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
            *old, found = known.get(name, [None])
            if old != stamps:
                found = file_sha256(folder / name)
            if max(stat.st_mtime_ns, stat.st_ctime_ns) < settled:
                kept[name] = [*stamps, found]
            digest.update(os.fsencode(name) + b"\0" + found.encode() + b"\0")
    except OSError as failure:
        raise WorkspaceError(f"{failure.filename} cannot be read ({failure.strerror})") from None
    if kept != known:
        body = {"files": kept}
        # Where it cannot be written, the next call reads the files again, and is right.
        with suppress(OSError):
            write_text(cache, json.dumps(body | {"sha256": data_sha256(body)}))
    return digest.hexdigest()


def _files(folder: str, below: str = "", above: tuple = ()) -> Iterator[tuple[str, os.stat_result]]:
    """Names, relative to the folder where it began, and stat of all files below `folder`."""
    here = os.stat(folder)
    if (here.st_dev, here.st_ino) in above:
        return  # A link to a folder that it lies in.
    above = (*above, (here.st_dev, here.st_ino))
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _files(entry.path, f"{below}{entry.name}/", above)
            elif entry.is_file():
                yield f"{below}{entry.name}", entry.stat()
