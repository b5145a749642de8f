"""What would get in the way on this machine and in this checkout."""

import os
import shutil
import sys
from pathlib import Path

from ebmrepro.checks.load import load_params
from ebmrepro.flow import dvc_lock
from ebmrepro.machine.hardware import driver
from ebmrepro.machine.packages import LOCKS, differences, installed, locked
from ebmrepro.params.base import ParamsError

PACKAGES = ("torch", "torchvision", "snakemake", "dvc", "clean-fid", "kornia", "scipy", "numpy")
FREE_GIGABYTES = 2


def doctor() -> int:
    """Print one line per finding; 0 if nothing stands in the way, 1 otherwise."""
    findings = [*_packages(), *_folder(), *_device()]
    for fine, text in findings:
        print(f"{'ok  ' if fine else 'BAD '} {text}")
    return 0 if all(fine for fine, _ in findings) else 1


def _packages():
    found = sys.version_info[:2]
    yield found in ((3, 11), (3, 12)), f"Python {found[0]}.{found[1]} (3.11 or 3.12)"
    there = installed()
    for package in PACKAGES:
        yield package in there, f"{package} {there.get(package, 'is not installed: make .venv/installed')}"
    locks = [Path(lock) for lock in LOCKS]
    if all(lock.exists() for lock in locks):
        wrong = differences(there, locked(*locks))
        more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        yield not wrong, f"packages as locked{f', but for: {wrong[0]}{more}' if wrong else ''}"


def _folder():
    try:
        params = load_params()
        yield True, f"params.yaml: preset {params.preset}, {len(params.runs)} runs, seeds {params.seeds}"
    except ParamsError as failure:
        yield False, str(failure)
    git, dvc = Path(".git").exists(), Path(".dvc").is_dir()
    yield True, f"{'git' if git else 'no git'} and {'DVC' if dvc else 'no DVC'} in this folder"
    if dvc and (wrong := dvc_lock.damage()):
        yield False, wrong
    free = shutil.disk_usage(".").free / 1e9
    yield free > FREE_GIGABYTES, f"{free:.0f} GB free here"
    yield os.access(".", os.W_OK), "this folder can be written"


def _device():
    import torch

    if torch.cuda.is_available():
        yield True, f"CUDA device {torch.cuda.get_device_name()}, driver {driver() or 'unknown'}"
    else:
        yield True, f"no CUDA device: the CPU is used, {os.cpu_count()} cores"
