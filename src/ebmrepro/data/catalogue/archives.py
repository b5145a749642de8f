"""What publishers pack, read without trust: archives, one member at a time, and pickles of numpy arrays.

An archive is extracted only where a file system is needed, and nothing that it names is written outside its
folder: before the first byte is written, all members are looked at, and one that leaves the folder, links, or
is a device ends it with nothing written. A pickle may name any function and have it called: here three names
are known, those that rebuild a numpy array, and any other is refused before anything is called.
"""

import errno
import lzma
import pickle
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import numpy as np

from ebmrepro.files.workspace import WorkspaceError

# What reading an archive raises that is damaged or ends early, beside OSError. NotImplementedError is
# zipfile's word for a compression that it does not know.
DAMAGE = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError)
# What numpy's own pickles call: taken from one, because its place within numpy has changed over the years.
_RECONSTRUCT = np.empty(0).__reduce__()[0]
ADMITTED = {
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Whatever damage an archive shows inside becomes one sentence with its name."""
    try:
        yield
    except (OSError, *DAMAGE) as failure:
        code = getattr(failure, "errno", None)
        if code in (errno.ENOSPC, errno.EDQUOT):
            sentence = f"the disk is full while {path} is extracted: make room, run again"
        elif code is not None:
            # The disk's own word: a missing file, a folder without the right to write.
            sentence = (
                f"{path} cannot be read or extracted ({failure.strerror}): check that it is there and its"
                " folder can be written, then run again"
            )
        else:
            reason = (str(failure).splitlines() or [type(failure).__name__])[0].rstrip(":. ")
            sentence = f"{path} is damaged or only half there ({reason}): move it away, then get it again"
        raise WorkspaceError(sentence) from None


def tar_members(path: Path, wanted: Collection[str] | None = None) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of the regular files of a tar archive, compressed or not, in its order, not extracted.

    With `wanted`, only these, and the rest of the archive is not read once they were all found.
    """
    missing = None if wanted is None else set(wanted)
    with named(path), tarfile.open(path, "r:*") as tar:
        while missing != set() and (member := tar.next()) is not None:
            # It remembers every header, a kilobyte each: a gigabyte of those of ImageNet.
            tar.members.clear()
            name = member.name.removeprefix("./")
            if not member.isreg() or (missing is not None and name not in missing):
                continue
            with tar.extractfile(member) as file:
                yield name, file.read()
            if missing is not None:
                missing.discard(name)
    if missing:
        raise WorkspaceError(f"{path} lacks {sorted(missing)[0]}: move it away, then get it again")


def extract(path: Path, folder: Path) -> None:
    """Extract a zip archive into `folder`, which must not exist: it is there whole or not at all.

    Raises WorkspaceError, with nothing written, if a member has an absolute path, leaves the folder, is a
    link, a device or a pipe, or if the disk is too small; and if the archive is damaged.
    """
    if folder.exists():
        raise WorkspaceError(f"{folder} exists: {path} is not extracted over it, move it away")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with named(path), zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            _refuse(path, member)
        needed = sum(member.file_size for member in archive.infolist())
        free = shutil.disk_usage(folder.parent).free
        if free < needed:
            raise WorkspaceError(
                f"{path} needs {needed / 1e9:.2f} GB to be extracted, the disk of {folder.parent} has"
                f" {free / 1e9:.2f} GB free: make room"
            )
        # In the same folder, so that the rename below is one step.
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".extracting-{folder.name}-"))
        try:
            archive.extractall(temporary)
            temporary.rename(folder)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise


def _refuse(path: Path, member: zipfile.ZipInfo) -> None:
    """WorkspaceError if the member is anything but a file or a folder inside."""
    # orig_filename: zipfile's own reading of the name hides what comes after a null byte. A backslash and a
    # drive letter are paths where the archive may be read next.
    name = member.orig_filename
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ":" in name or "\0" in name:
        raise WorkspaceError(f"{path} is refused: its member {name!r} has an absolute path")
    if ".." in parts.parts:
        raise WorkspaceError(f"{path} is refused: its member {name!r} leaves the folder")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind == stat.S_IFLNK:
        raise WorkspaceError(f"{path} is refused: its member {member.filename} is a link")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise WorkspaceError(f"{path} is refused: its member {member.filename} is a device or a pipe")


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str):
        if (module, name) not in ADMITTED:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        return ADMITTED[module, name]


def read_batch(file: BinaryIO, label: str) -> dict[str, object]:
    """The dict of arrays, lists, numbers and texts that a pickle holds, keys as text.

    Texts of Python 2 stay bytes. `label` names the file in the WorkspaceError raised if the pickle names
    anything but numpy's array, is damaged, or holds no dict.
    """
    try:
        content = _ArraysOnly(file, encoding="bytes").load()
        if not isinstance(content, dict):
            raise pickle.UnpicklingError("it holds no dict")
        return {str(key, "ascii") if isinstance(key, bytes) else str(key): v for key, v in content.items()}
    except Exception as failure:
        # A damaged or hostile pickle raises anything: every opcode acts on what the file says.
        reason = str(failure).splitlines()[0] if str(failure) else type(failure).__name__
        raise WorkspaceError(f"{label} is refused, it is no batch of plain arrays: {reason}") from None
