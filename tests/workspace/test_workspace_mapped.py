"""Tensor files larger than memory: the same files as the small ones, and no damage goes unnoticed."""

import subprocess
import sys

import numpy as np
import pytest
import safetensors.numpy

from ebmrepro.files import mapped, workspace
from ebmrepro.files.workspace import WorkspaceError

ROWS = np.random.default_rng(0).integers(0, 256, (7, 3, 4, 5), dtype=np.uint8)
LABELS = {"label": np.arange(7), "weight": np.linspace(0, 1, 7, dtype=np.float32)}


def _save(path):
    return mapped.save_rows(path, "x", iter(ROWS), lambda: LABELS, {"dataset": "grün", "sizes": [7, 3]})


def test_rows_come_back_through_every_reader(tmp_path):
    path = tmp_path / "deep" / "x.safetensors"
    assert _save(path) == 7
    arrays, metadata = workspace.map_tensors(path)
    whole, again = workspace.load_tensors(path)
    assert metadata == again == {"dataset": "grün", "sizes": [7, 3]}
    for found in (arrays, whole, safetensors.numpy.load_file(path)):
        assert found.keys() == {"x", *LABELS}
        for name, array in {"x": ROWS, **LABELS}.items():
            assert found[name].dtype == array.dtype and np.array_equal(found[name], array)
    assert not arrays["x"].flags.writeable


def test_files_of_the_workspace_can_be_mapped(tmp_path):
    tensors = {"x": ROWS, **LABELS, "empty": np.zeros((0, 3))}
    workspace.save_tensors(tmp_path / "x", tensors, {"a": 1})
    arrays, metadata = workspace.map_tensors(tmp_path / "x")
    assert metadata == {"a": 1} and all(np.array_equal(arrays[name], tensors[name]) for name in tensors)


@pytest.mark.parametrize("place", [3, 20, 70, mapped.HEADER_BYTES + 100, -1])
def test_a_changed_byte_is_noticed(place, tmp_path):
    path = tmp_path / "x"
    _save(path)
    data = bytearray(path.read_bytes())
    data[place] ^= 0x20
    path.write_bytes(data)
    with pytest.raises(WorkspaceError, match="is damaged: delete it"):
        workspace.map_tensors(path)


@pytest.mark.parametrize("size", [0, 5, 1000, mapped.HEADER_BYTES, mapped.HEADER_BYTES + 400])
def test_a_cut_file_is_noticed(size, tmp_path):
    path = tmp_path / "x"
    _save(path)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(WorkspaceError, match="is damaged: delete it"):
        workspace.map_tensors(path)


def test_what_is_missing_empty_or_uneven_is_said(tmp_path):
    with pytest.raises(WorkspaceError, match="is missing"):
        workspace.map_tensors(tmp_path / "nothing")
    with pytest.raises(WorkspaceError, match="there is nothing to write"):
        mapped.save_rows(tmp_path / "x", "x", iter(()))
    with pytest.raises(ValueError, match=r"row 1 is uint8 \(2, 4, 5\)"):
        mapped.save_rows(tmp_path / "x", "x", iter([ROWS[0], ROWS[1][:2]]))
    assert list(tmp_path.iterdir()) == []


BIG = """
import numpy as np, resource, sys
from pathlib import Path
from ebmrepro.files import mapped, workspace
row = np.full((3, 64, 64), 7, np.uint8)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
mapped.save_rows(Path(sys.argv[1]), "x", (row for _ in range(20000)))
x = workspace.map_tensors(Path(sys.argv[1]))[0]["x"]
assert x.shape == (20000, 3, 64, 64) and x[19999, 2, 63, 63] == 7
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_does_not_grow_with_the_file(tmp_path):
    """246 MB are written and mapped; the process grows by the parts it hashes at a time, 16 MiB."""
    done = subprocess.run(
        [sys.executable, "-c", BIG, str(tmp_path / "x")], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) * 1024 < 64 * 2**20
