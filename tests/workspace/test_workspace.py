"""Files appear whole or not at all, and no damage goes unnoticed."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import safetensors
import safetensors.numpy

from ebmrepro.files import workspace
from ebmrepro.files.workspace import WorkspaceError

ARRAYS = {
    "b/matrix": np.arange(6, dtype=np.float32).reshape(2, 3) / 7,
    "a/bytes": np.arange(5, dtype=np.uint8),
    "scalar": np.array(3, dtype=np.int64),
    "empty": np.zeros((0, 4)),
    "flags": np.array([True, False]),
}
METADATA = {"seeds": [0, 1], "name": "grün", "nested": {"x": 1.5, "none": None}}


def _save(path: Path) -> None:
    workspace.save_tensors(path, ARRAYS, METADATA)


def test_tensors_come_back_bit_for_bit(tmp_path):
    path = tmp_path / "deep" / "folder" / "x.safetensors"
    _save(path)
    arrays, metadata = workspace.load_tensors(path)
    assert metadata == METADATA
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype and arrays[name].shape == array.shape
        assert arrays[name].tobytes() == array.tobytes()


def test_views_are_written_in_their_own_order(tmp_path):
    transposed = np.arange(12.0).reshape(3, 4).T
    workspace.save_tensors(tmp_path / "x", {"x": transposed})
    assert np.array_equal(workspace.load_tensors(tmp_path / "x")[0]["x"], transposed)


def test_the_stock_reader_reads_it(tmp_path):
    _save(tmp_path / "x.safetensors")
    arrays = safetensors.numpy.load_file(tmp_path / "x.safetensors")
    assert all(np.array_equal(arrays[name], array) for name, array in ARRAYS.items())
    with safetensors.safe_open(tmp_path / "x.safetensors", "np") as file:
        assert json.loads(file.metadata()["seeds"]) == [0, 1]


def test_equal_contents_give_equal_bytes(tmp_path):
    _save(tmp_path / "one")
    workspace.save_tensors(tmp_path / "two", dict(reversed(ARRAYS.items())), dict(reversed(METADATA.items())))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize("mask", [0x01, 0x20, 0x80, 0xFF])
def test_a_changed_byte_anywhere_in_tensors_is_noticed(mask, tmp_path):
    path = tmp_path / "x.safetensors"
    _save(path)
    intact = path.read_bytes()
    for position in range(len(intact)):
        damaged = bytearray(intact)
        damaged[position] ^= mask
        path.write_bytes(damaged)
        with pytest.raises(WorkspaceError, match="damaged"):
            workspace.load_tensors(path)


@pytest.mark.parametrize("mask", [0x01, 0x80, 0xFF])
def test_a_changed_byte_anywhere_in_json_is_noticed(mask, tmp_path):
    path = tmp_path / "x.json"
    workspace.save_json(path, {"a": 1, "b": [1.25, "text"], "c": {"d": None}})
    intact = path.read_bytes()
    for position in range(len(intact)):
        damaged = bytearray(intact)
        damaged[position] ^= mask
        path.write_bytes(damaged)
        with pytest.raises(WorkspaceError, match="damaged"):
            workspace.load_json(path)


def test_truncation_and_trailing_bytes_are_noticed(tmp_path):
    path = tmp_path / "x.safetensors"
    _save(path)
    intact = path.read_bytes()
    for damaged in [*(intact[:length] for length in range(len(intact))), intact + b"\0", intact * 2]:
        path.write_bytes(damaged)
        with pytest.raises(WorkspaceError, match="damaged"):
            workspace.load_tensors(path)


def test_truncated_json_is_noticed(tmp_path):
    path = tmp_path / "x.json"
    workspace.save_json(path, {"a": 1})
    intact = path.read_bytes()
    # Without its last newline the content is still whole.
    for length in range(len(intact) - 1):
        path.write_bytes(intact[:length])
        with pytest.raises(WorkspaceError, match="damaged"):
            workspace.load_json(path)


def test_foreign_tensor_files_are_refused(tmp_path):
    path = tmp_path / "x.safetensors"
    safetensors.numpy.save_file({"x": np.zeros(3)}, path)
    contents = [path.read_bytes()]
    safetensors.numpy.save_file({"x": np.zeros(3)}, path, metadata={"sha256": "0" * 64})
    contents.append(path.read_bytes())
    for header in (b"[]", b"{}", b"3", b'{"__metadata__": []}', b'{"__metadata__": 3}'):
        contents.append(len(header).to_bytes(8, "little") + header)
    contents.append(b"PK\x03\x04" + bytes(100))
    for content in contents:
        path.write_bytes(content)
        with pytest.raises(WorkspaceError, match="damaged"):
            workspace.load_tensors(path)


@pytest.mark.parametrize(
    "content", ["{}", "[]", "[1]", "3", "null", '"x"', '{"sha256": 1}', "words", "\udcff"]
)
def test_foreign_json_files_are_refused(content, tmp_path):
    (tmp_path / "x.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(WorkspaceError, match="damaged"):
        workspace.load_json(tmp_path / "x.json")


def test_json_round_trip_and_no_nan(tmp_path):
    content = {"b": 2.5, "a": ["x", None, True], "unicode": "π"}
    workspace.save_json(tmp_path / "x.json", content)
    assert workspace.load_json(tmp_path / "x.json") == content
    with pytest.raises(ValueError, match="JSON"):
        workspace.save_json(tmp_path / "x.json", {"a": float("nan")})
    assert workspace.load_json(tmp_path / "x.json") == content


def test_a_writer_that_raises_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "x.txt"
    workspace.write_text(path, "old")
    with pytest.raises(RuntimeError, match="midway"), workspace.atomic_path(path) as temporary:
        temporary.write_text("half of the ne")
        assert temporary.parent == path.parent
        assert path.read_text() == "old"
        raise RuntimeError("midway")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_rename_leaves_no_temporary_file(tmp_path, monkeypatch):
    def no_space(*arguments):
        raise OSError(28, "No space left on device")

    path = tmp_path / "x.txt"
    workspace.write_text(path, "old")
    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space left"):
        workspace.write_text(path, "new")
    assert list(tmp_path.iterdir()) == [path] and path.read_text() == "old"


def test_hard_and_symbolic_links_to_a_cache_are_not_written_through(tmp_path):
    cache = tmp_path / "cache"
    cache.write_text("cached")
    os.link(cache, tmp_path / "hard")
    os.symlink(cache, tmp_path / "soft")
    for name in ("hard", "soft"):
        workspace.write_text(tmp_path / name, "new")
        assert (tmp_path / name).read_text() == "new"
        assert not (tmp_path / name).is_symlink()
    assert cache.read_text() == "cached"


@pytest.mark.parametrize(
    ("path", "stage", "command"),
    [
        (workspace.prepared("p", "rings") / "train.safetensors", "prepare", "ebm prepare rings"),
        (workspace.run_file("p", "train", "exp", "r1", ".safetensors"), "train", "ebm train r1"),
        (workspace.run_file("p", "train", "exp", "r1", ".csv"), "train", "ebm train r1"),
        (workspace.run_file("p", "sample", "exp", "r1", ".safetensors"), "sample", "ebm sample r1"),
        (workspace.run_file("p", "evaluate", "exp", "r1", ".json"), "evaluate", "ebm evaluate r1"),
    ],
)
@pytest.mark.parametrize("reader", [workspace.load_tensors, workspace.load_json, workspace.read_text])
def test_a_missing_artifact_names_its_stage_and_command(reader, path, stage, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WorkspaceError) as refused:
        reader(path)
    message = str(refused.value)
    assert message.startswith(f"{path} is missing: stage {stage} makes it")
    assert f"`{command}`" in message and "\n" not in message


def test_an_artifact_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(WorkspaceError, match="cannot be read"):
        workspace.load_tensors(tmp_path)


def test_hashes_are_the_standard_ones(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    # FIPS 180-2, appendix B.1.
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert workspace.file_sha256(tmp_path / "abc") == known
    assert workspace.data_sha256({"b": 1, "a": 2}) == workspace.data_sha256({"a": 2, "b": 1})
    assert workspace.data_sha256({"a": 1}) != workspace.data_sha256({"a": 2})
