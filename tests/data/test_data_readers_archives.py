"""Archives and pickles that want to do harm, and half ones: one sentence, nothing run, nothing written."""

import io
import pickle
import shutil
import stat
import zipfile
from collections import namedtuple

import numpy as np
import pytest
from catalogue_archives import make
from catalogue_entries import entry_of, opened
from catalogue_formats import python2_pickle, tar, zipped

from ebmrepro.data.catalogue.archives import extract, read_batch, tar_members
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.catalogue import find_entry


def _zip_with(name: str, mode: int = stat.S_IFREG) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("good.txt", "good")
        info = zipfile.ZipInfo(name)
        info.external_attr = (mode | 0o644) << 16
        archive.writestr(info, "/etc/passwd")
    return file.getvalue()


HOSTILE = {
    "../x": (_zip_with("../x"), "leaves the folder"),
    "a\\..\\..\\x": (_zip_with("a\\..\\..\\x"), "leaves the folder"),
    "/x": (_zip_with("/tmp/x"), "absolute path"),
    "C:/x": (_zip_with("C:/x"), "absolute path"),
    "symbolic link": (_zip_with("x", stat.S_IFLNK), "is a link"),
    "device": (_zip_with("x", stat.S_IFCHR), "device or a pipe"),
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_hostile_archive_writes_nothing(name, tmp_path):
    body, said = HOSTILE[name]
    path = tmp_path / "inner" / "set.archive"
    path.parent.mkdir()
    path.write_bytes(body)
    with pytest.raises(WorkspaceError, match=said) as caught:
        extract(path, path.parent / "out")
    assert str(path) in str(caught.value) and name[-1] in str(caught.value)
    assert [p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")] == ["inner", "inner/set.archive"]


def test_a_good_archive_is_extracted_whole(tmp_path):
    members = {"a/b.txt": b"bee", "c.bin": bytes(range(256))}
    (tmp_path / "good").write_bytes(zipped(members))
    extract(tmp_path / "good", tmp_path / "out")
    found = {
        p.relative_to(tmp_path / "out").as_posix(): p.read_bytes() for p in (tmp_path / "out").rglob("*.*")
    }
    assert found == members
    with pytest.raises(WorkspaceError, match="exists"):
        extract(tmp_path / "good", tmp_path / "out")


def test_half_an_archive_leaves_no_folder(tmp_path):
    body = zipped({f"{n}.bin": np.random.default_rng(n).bytes(50_000) for n in range(4)})
    (tmp_path / "half").write_bytes(body[: len(body) // 2])
    with pytest.raises(WorkspaceError, match=r"half is damaged or only half there .*get it again"):
        extract(tmp_path / "half", tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["half"]


def test_a_member_that_was_changed_is_noticed(tmp_path):
    body = bytearray(zipped({"a.bin": bytes(1000)}))
    body[40] ^= 0xFF
    (tmp_path / "set.zip").write_bytes(body)
    with pytest.raises(WorkspaceError, match="damaged"):
        extract(tmp_path / "set.zip", tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["set.zip"]


def test_extraction_needs_room(tmp_path, monkeypatch):
    (tmp_path / "set.zip").write_bytes(zipped({"a.bin": bytes(2_000_000)}))
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 0, 1_000_000))
    with pytest.raises(WorkspaceError, match=r"needs 0\.00 GB to be extracted.*make room"):
        extract(tmp_path / "set.zip", tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["set.zip"]


def test_members_are_read_without_a_file_written(tmp_path):
    """Even of a hostile archive: names that lead elsewhere are only names."""
    (tmp_path / "set.tar").write_bytes(tar({"../x": b"1", "/y": b"2", "./z": b"3"}, "w"))
    assert dict(tar_members(tmp_path / "set.tar")) == {"../x": b"1", "/y": b"2", "z": b"3"}
    assert [p.name for p in tmp_path.iterdir()] == ["set.tar"]
    with pytest.raises(WorkspaceError, match="lacks w"):
        dict(tar_members(tmp_path / "set.tar", ["z", "w"]))


def test_what_the_disk_says_is_not_blamed_on_the_archive(tmp_path, monkeypatch):
    with pytest.raises(WorkspaceError, match=r"none\.tar cannot be read or extracted \(No such file"):
        list(tar_members(tmp_path / "none.tar"))
    (tmp_path / "set.zip").write_bytes(zipped({"a": b"b"}))

    def refuse(*arguments, **named):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    with pytest.raises(WorkspaceError, match=r"set\.zip cannot be read or extracted \(Permission denied"):
        extract(tmp_path / "set.zip", tmp_path / "out")


class Runs:
    """Unpickled, it creates a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


class Evaluates:
    def __reduce__(self):
        return eval, ("__import__('os').getpid()",)


class Builds:
    """An object whose state is set: no function is called, yet foreign code runs."""

    def __setstate__(self, state):
        raise AssertionError("ran")

    def __getstate__(self):
        return {"x": 1}


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_a_pickle_runs_nothing(protocol, tmp_path):
    trap = tmp_path / "trap"
    for hostile, named in ((Runs(trap), "open"), (Evaluates(), "eval"), (Builds(), "")):
        body = pickle.dumps({"data": hostile, "labels": [1]}, protocol)
        with pytest.raises(WorkspaceError, match=r"batch is refused.*it names .*" + named):
            read_batch(io.BytesIO(body), "batch")
        with pytest.raises(WorkspaceError, match="refused"):
            read_batch(io.BytesIO(pickle.dumps(hostile, protocol)), "batch")
    assert not trap.exists()


@pytest.mark.parametrize(
    "name", ["numpy.load", "numpy.core.multiarray.fromfile", "builtins.getattr", "os.system"]
)
def test_only_what_rebuilds_an_array_is_admitted(name):
    module, _, function = name.rpartition(".")
    body = f"c{module}\n{function}\n.".encode()
    with pytest.raises(WorkspaceError, match=f"it names {name}"):
        read_batch(io.BytesIO(body), "batch")


def test_honest_pickles_are_read_as_pickle_reads_them():
    array = np.random.default_rng(0).integers(0, 256, (3, 5), dtype=np.uint8)
    content = {"data": array, "labels": [1, 2, 3], "batch_label": "one"}
    for body in (python2_pickle(content), pickle.dumps(content, 3), pickle.dumps(content, 4)):
        ours = read_batch(io.BytesIO(body), "batch")
        theirs = pickle.loads(body, encoding="latin1")
        assert np.array_equal(ours["data"], array) and np.array_equal(theirs["data"], array)
        assert ours["labels"] == theirs["labels"] == [1, 2, 3]


@pytest.mark.parametrize("body", [b"", b"junk", b"\x80\x02]q\x00.", python2_pickle({"a": [1] * 50})[:-20]])
def test_no_batch_is_one_sentence(body):
    with pytest.raises(WorkspaceError, match=r"batch is refused, it is no batch .*: \w") as caught:
        read_batch(io.BytesIO(body), "batch")
    assert "\n" not in str(caught.value)


def test_a_hostile_batch_in_a_set_is_named(tmp_path):
    body = tar(
        {
            "cifar-100-python/train": pickle.dumps({"data": Evaluates()}),
            "cifar-100-python/meta": python2_pickle({"fine_label_names": ["a"], "coarse_label_names": ["b"]}),
        }
    )
    (tmp_path / "set").write_bytes(body)
    entry = find_entry("cifar100")
    with pytest.raises(WorkspaceError, match=r"cifar-100-python/train is refused"):
        list(opened(entry, {"cifar-100-python.tar.gz": tmp_path / "set"}, "train", 32))


@pytest.mark.parametrize(
    ("name", "file"),
    [
        (name, file)
        for name in ("cifar10", "cifar100", "svhn", "mnist", "dtd", "celeba", "celeba_hq", "imagenet32",
                     "imagenet32_2016", "lsun_bedroom")
        for file in sorted(make(name).bodies)
        if "_val" not in file and "test" not in file and "t10k" not in file and "valid" not in file
    ],
)  # fmt: skip
@pytest.mark.parametrize("part", [0.0, 0.5, 0.75])
def test_half_a_file_is_one_sentence_with_its_name(name, file, part, tmp_path):
    """Whatever the format, and wherever it was cut: by hand, because fetch would have refused it."""
    made = make(name)
    for other, body in made.bodies.items():
        (tmp_path / other).write_bytes(body[: int(part * len(body))] if other == file else body)
    entry = entry_of(name, made)
    with pytest.raises(WorkspaceError) as caught:
        list(opened(entry, {other: tmp_path / other for other in made.bodies}, "train", entry.sizes[0]))
    message = str(caught.value)
    assert "\n" not in message and "again" in message
    assert file.split(".")[0] in message or name in message
