"""Archives read one member at a time, and extracted only where a file system is needed.

Nothing that an archive names is written outside its folder: before the first byte is written, all members are
looked at, and one that leaves the folder, links, or is a device ends it with nothing written.
"""

import errno
import lzma
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from ebmrepro.files.workspace import WorkspaceError

# What reading an archive raises that is damaged or ends early.
DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    NotImplementedError,
)


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Whatever damage an archive shows inside becomes one sentence with its name."""
    try:
        yield
    except DAMAGE as failure:
        if isinstance(failure, OSError) and failure.errno in (errno.ENOSPC, errno.EDQUOT):
            raise WorkspaceError(
                f"the disk is full while {path} is extracted: make room, run again"
            ) from None
        if isinstance(failure, OSError) and failure.errno is not None:
            # The disk's own word, not the archive's: a missing file, a folder without the right to write.
            raise WorkspaceError(
                f"{path} cannot be read or extracted ({failure.strerror}): check that it is there and its"
                " folder can be written, then run again"
            ) from None
        reason = (str(failure).splitlines() or [type(failure).__name__])[0].rstrip(":. ")
        raise WorkspaceError(
            f"{path} is damaged or only half there ({reason}): move it away, then get it again"
        ) from None


def tar_members(path: Path, wanted: Collection[str] | None = None) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of the regular files of a tar archive, compressed or not, in its order, not extracted.

    With `wanted`, only these, and the rest of the archive is not read once they were all found.
    """
    missing = None if wanted is None else set(wanted)
    with named(path), tarfile.open(path, "r:*") as tar:
        while (member := tar.next()) is not None:
            # It remembers every header, a kilobyte each: a gigabyte of those of ImageNet.
            tar.members.clear()
            name = member.name.removeprefix("./")
            if not member.isreg() or (missing is not None and name not in missing):
                continue
            with tar.extractfile(member) as file:
                yield name, file.read()
            if missing is not None:
                missing.discard(name)
                if not missing:
                    return
    if missing:
        raise WorkspaceError(f"{path} lacks {sorted(missing)[0]}: move it away, then get it again")


def extract(path: Path, folder: Path) -> None:
    """Extract a tar or zip archive into `folder`, which must not exist: it is there whole or not at all.

    Raises WorkspaceError, with nothing written, if a member has an absolute path, leaves the folder, is a
    link, a device or a pipe, or if the disk is too small; and if the archive is damaged.
    """
    if folder.exists():
        raise WorkspaceError(f"{folder} exists: {path} is not extracted over it, move it away")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with named(path), _opened(path) as archive:
        is_zip = isinstance(archive, zipfile.ZipFile)
        members = archive.infolist() if is_zip else archive.getmembers()
        for member in members:
            (_refuse_zip if is_zip else _refuse_tar)(path, member)
        _check_space(path, folder, sum(m.file_size if is_zip else m.size for m in members))
        # In the same folder, so that the rename below is one step.
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".extracting-{folder.name}-"))
        try:
            if is_zip:
                archive.extractall(temporary)
            else:
                _extract_tar(archive, members, temporary)
            temporary.rename(folder)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise


def _extract_tar(archive: tarfile.TarFile, members: list[tarfile.TarInfo], folder: Path) -> None:
    # Contents and names alone, whatever owner and mode the archive gives: what extractall(filter="data") is
    # for, which the Python 3.11.2 of Debian 12 does not have.
    for member in members:
        target = folder / member.name
        if member.isdir():
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.extractfile(member) as source, open(target, "wb") as file:
            shutil.copyfileobj(source, file)


def _opened(path: Path) -> zipfile.ZipFile | tarfile.TarFile:
    return zipfile.ZipFile(path) if zipfile.is_zipfile(path) else tarfile.open(path, "r:*")


def _refuse_tar(path: Path, member: tarfile.TarInfo) -> None:
    _refuse_name(path, member.name)
    if member.islnk() or member.issym():
        raise WorkspaceError(f"{path} is refused: its member {member.name} is a link to {member.linkname}")
    if not (member.isreg() or member.isdir()):
        raise WorkspaceError(f"{path} is refused: its member {member.name} is a device or a pipe")


def _refuse_zip(path: Path, member: zipfile.ZipInfo) -> None:
    # orig_filename: zipfile's own reading of the name hides what comes after a null byte.
    _refuse_name(path, member.orig_filename)
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind == stat.S_IFLNK:
        raise WorkspaceError(f"{path} is refused: its member {member.filename} is a link")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise WorkspaceError(f"{path} is refused: its member {member.filename} is a device or a pipe")


def _refuse_name(path: Path, name: str) -> None:
    # A backslash and a drive letter are paths where the archive may be read next.
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ":" in name or "\0" in name:
        raise WorkspaceError(f"{path} is refused: its member {name!r} has an absolute path")
    if ".." in parts.parts:
        raise WorkspaceError(f"{path} is refused: its member {name!r} leaves the folder")


def _check_space(path: Path, folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder.parent).free
    if free < needed:
        raise WorkspaceError(
            f"{path} needs {needed / 1e9:.2f} GB to be extracted, the disk of {folder.parent} has"
            f" {free / 1e9:.2f} GB free: make room"
        )
