"""Which device a job computes on."""

import os
import subprocess
import sys
import tempfile

import pytest
import torch
from filelock import FileLock

from ebmrepro.machine import device
from ebmrepro.params.base import ParamsError
from ebmrepro.params.root import Compute


@pytest.fixture
def four_gpus(monkeypatch, tmp_path) -> list[int]:
    """A machine that says it has four GPUs; the list collects what was chosen."""
    chosen: list[int] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(device, "_taken", None)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return chosen


def choose(name: str = "auto") -> torch.device:
    return device.set_up(Compute(device=name, threads=1))


def taken_by_another(folder, gpu: str) -> FileLock:
    lock = FileLock(folder / f"ebm-{os.getuid()}-gpu-{gpu}.lock")
    lock.acquire(timeout=0)
    return lock


def test_each_job_takes_a_gpu_that_no_other_computes_on(four_gpus, tmp_path, monkeypatch):
    locks = [taken_by_another(tmp_path, gpu) for gpu in "01"]
    assert choose() == torch.device("cuda")
    assert four_gpus == [2]
    # The same process keeps its own.
    choose("cuda")
    assert four_gpus == [2, 2]
    locks[0].release()
    monkeypatch.setattr(device, "_taken", None)
    choose()
    assert four_gpus == [2, 2, 0]


def test_if_all_are_taken_one_is_shared(four_gpus, tmp_path):
    locks = [taken_by_another(tmp_path, gpu) for gpu in "0123"]
    choose()
    assert four_gpus == [os.getpid() % 4] and len(locks) == 4


def test_gpus_are_told_apart_by_what_they_are_called_outside(four_gpus, tmp_path, monkeypatch):
    """Two shells with two GPUs each: the first of this one is not the first of the machine."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5, 6,7")
    lock = taken_by_another(tmp_path, "4")
    choose()
    assert four_gpus == [1] and lock.is_locked


def test_a_killed_job_gives_its_gpu_back(four_gpus, tmp_path):
    holder = f"""
import os, signal
from filelock import FileLock
lock = FileLock({str(tmp_path / f"ebm-{os.getuid()}-gpu-0.lock")!r})
lock.acquire(timeout=0)
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", holder], check=False)
    choose()
    assert four_gpus == [0]


def test_nothing_is_chosen_where_slurm_shows_one_gpu_or_the_cpu_is_asked_for(four_gpus, monkeypatch):
    assert choose("cpu") == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert choose() == torch.device("cuda")
    assert four_gpus == []


def test_a_gpu_that_is_not_there_is_said(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose() == torch.device("cpu")
    with pytest.raises(ParamsError, match=r"compute\.device: is cuda, but .* no usable CUDA device"):
        choose("cuda")
