"""The number of a folder's contents: what must change it, what must not, and that the cache cannot lie."""

import json
import multiprocessing
import os
from pathlib import Path

import pytest

from ebmrepro.files import folder_contents
from ebmrepro.files.folder_contents import contents
from ebmrepro.files.workspace import WorkspaceError

NAMES = ("cat/1.png", "cat/2.png", "dog/1.png", "notes.txt")


@pytest.fixture
def folder(tmp_path) -> Path:
    """Four files, all of one size, that did not change lately."""
    for number, name in enumerate(NAMES):
        path = tmp_path / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes([number]) * 100)
    return tmp_path / "images"


@pytest.fixture
def settled(monkeypatch) -> None:
    """Files are old enough for the cache at once."""
    monkeypatch.setattr(folder_contents, "SETTLED", -(10**9))


@pytest.fixture
def read(monkeypatch) -> list[str]:
    """Names of the files that are read, in their order."""
    names, true = [], folder_contents.file_sha256

    def note(path: Path) -> str:
        names.append(path.name)
        return true(path)

    monkeypatch.setattr(folder_contents, "file_sha256", note)
    return names


def _swap(one: Path, other: Path) -> None:
    between = one.with_name("between")
    one.rename(between)
    other.rename(one)
    between.rename(other)


def _overwrite(path: Path) -> None:
    """Other bytes of the same size under the same time of modification."""
    before = path.stat()
    path.write_bytes(b"x" * before.st_size)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES = {
    "swapped": lambda folder: _swap(folder / NAMES[0], folder / NAMES[1]),
    "same size and time": lambda folder: _overwrite(folder / NAMES[2]),
    "one more": lambda folder: (folder / "cat/3.png").write_bytes(b""),
    "one less": lambda folder: (folder / NAMES[3]).unlink(),
    "renamed": lambda folder: (folder / NAMES[3]).rename(folder / "other.txt"),
    "moved": lambda folder: (folder / NAMES[0]).rename(folder / "dog/2.png"),
    "grown": lambda folder: (folder / NAMES[0]).write_bytes(b"\0" * 101),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_the_files_changes_the_number(change, folder, tmp_path, settled):
    cache = tmp_path / "cache.json"
    before = contents(folder, cache)
    CHANGES[change](folder)
    after = contents(folder, cache)
    assert after != before
    # As read for the first time, and as read from the cache.
    assert after == contents(folder, tmp_path / "other.json") == contents(folder, cache)


def test_touching_or_copying_changes_nothing(folder, tmp_path, settled, read):
    cache = tmp_path / "cache.json"
    before = contents(folder, cache)
    assert len(read) == 4
    os.utime(folder / NAMES[1])
    assert contents(folder, cache) == before and read[4:] == ["2.png"]
    copied = tmp_path / "elsewhere"
    copied.mkdir()
    for name in reversed(NAMES):
        (copied / name).parent.mkdir(exist_ok=True)
        (copied / name).write_bytes((folder / name).read_bytes())
    (copied / "empty").mkdir()
    assert contents(copied, tmp_path / "other.json") == before


def test_the_second_call_reads_no_file(folder, tmp_path, settled, read):
    cache = tmp_path / "cache.json"
    first = contents(folder, cache)
    written = cache.stat()
    del read[:]
    assert contents(folder, cache) == first and read == []
    assert cache.stat().st_mtime_ns == written.st_mtime_ns and cache.stat().st_ino == written.st_ino
    (folder / NAMES[0]).write_bytes(b"new")
    contents(folder, cache)
    assert read == ["1.png"]


def test_a_file_that_changed_just_now_is_read_again(folder, tmp_path, read):
    """Its next change may leave no trace in its stamps."""
    cache = tmp_path / "cache.json"
    assert contents(folder, cache) == contents(folder, cache)
    assert len(read) == 8


@pytest.mark.parametrize("damage", ["cut", "turned", "empty", "foreign", "folder"])
def test_a_damaged_cache_is_not_believed(damage, folder, tmp_path, settled, read):
    cache = tmp_path / "cache.json"
    true = contents(folder, cache)
    whole = cache.read_bytes()
    if damage == "folder":
        cache.unlink()
        cache.mkdir()
    else:
        hashed = json.loads(whole)["files"][NAMES[0]][-1].encode()
        bodies = {"cut": whole[:-9], "turned": whole.replace(hashed, hashed[::-1]), "empty": b""}
        cache.write_bytes(bodies.get(damage, b'{"cat/1.png": 3}'))
    del read[:]
    assert contents(folder, cache) == true and len(read) == 4
    # And it is whole again, unless it cannot be.
    assert damage == "folder" or cache.read_bytes() == whole


def _repeatedly(folder: Path, cache: Path) -> set[str]:
    folder_contents.SETTLED = -(10**9)
    found = set()
    for number in range(30):
        if number % 3 == 0:
            cache.unlink(missing_ok=True)
        found.add(contents(folder, cache))
    return found


def test_processes_share_a_cache(folder, tmp_path):
    cache, true = tmp_path / "cache.json", contents(folder, tmp_path / "other.json")
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert pool.starmap(_repeatedly, [(folder, cache)] * 3) == [{true}] * 3
    assert not list(tmp_path.glob(".writing-*"))


def test_links_are_followed_and_loops_end(folder, tmp_path):
    alone = contents(folder, tmp_path / "cache.json")
    whole = tmp_path / "linked"
    whole.mkdir()
    for name in {name.split("/")[0] for name in NAMES}:
        (whole / name).symlink_to(folder / name)
    assert contents(whole, tmp_path / "other.json") == alone
    (folder / "cat" / "back").symlink_to(folder)
    assert contents(folder, tmp_path / "cache.json") == alone


def test_a_missing_folder_is_like_an_empty_one(tmp_path):
    (tmp_path / "empty").mkdir()
    missing = contents(tmp_path / "missing", tmp_path / "cache.json")
    assert missing == contents(tmp_path / "empty", tmp_path / "cache.json")
    assert not (tmp_path / "cache.json").exists()


def test_a_file_that_cannot_be_read_is_named(folder, tmp_path, monkeypatch):
    def refuse(path: Path) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(folder_contents, "file_sha256", refuse)
    with pytest.raises(WorkspaceError, match=r"cat/1\.png cannot be read \(Permission denied\)"):
        contents(folder, tmp_path / "cache.json")
