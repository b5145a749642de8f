"""The work directory: one process at a time, and only checkpoints of this very configuration."""

import pytest
import torch

from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.training.checkpoint import load_checkpoint, save_checkpoint, work_directory


def test_work_of_another_identity_is_removed_and_not_used(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with work_directory("p-run", {"lr": 1}) as folder:
        (folder / "seed0.safetensors").write_text("state")
    with work_directory("p-run", {"lr": 1}) as again:
        assert again == folder and (again / "seed0.safetensors").exists()
    with work_directory("p-run_two", {"lr": 1}) as neighbour:
        (neighbour / "seed0.safetensors").write_text("state")
    with work_directory("p-run", {"lr": 2}) as other:
        assert other != folder and not list(other.iterdir())
    assert not folder.exists()
    assert (neighbour / "seed0.safetensors").exists(), "another run's work is not ours to remove"


def test_a_second_process_is_refused_with_a_sentence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with (
        work_directory("p-run", {}),
        pytest.raises(WorkspaceError, match="p-run is being trained by another process"),
        work_directory("p-run", {}),
    ):
        pytest.fail("two at once")
    with work_directory("p-run", {}):
        pass


def test_the_lock_is_released_when_training_fails(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RuntimeError) as failure, work_directory("p-run", {}):
        raise RuntimeError("training failed")
    # The exception, with its frames, is still alive here.
    with work_directory("p-run", {}):
        assert "training failed" in str(failure.value)


def test_checkpoints_keep_dtype_shape_and_bits(tmp_path):
    state = {
        "scalar": torch.tensor(3.5),
        "count": torch.tensor(7),
        "bytes": torch.arange(256, dtype=torch.uint8),
        "matrix": torch.randn(3, 4, dtype=torch.float64).T,
        "special": torch.tensor([float("nan"), float("inf"), -0.0]),
    }
    save_checkpoint(tmp_path / "x", state)
    loaded = load_checkpoint(tmp_path / "x")
    for name, value in state.items():
        assert loaded[name].dtype == value.dtype and loaded[name].shape == value.shape
        assert loaded[name].contiguous().numpy().tobytes() == value.contiguous().numpy().tobytes()


def test_no_checkpoint_is_none_and_a_damaged_one_is_removed(tmp_path):
    assert load_checkpoint(tmp_path / "x") is None
    (tmp_path / "x").write_bytes(b"half a check")
    assert load_checkpoint(tmp_path / "x") is None
    assert not (tmp_path / "x").exists()
