"""The machine a job runs on."""

import os
import platform
import tempfile
from pathlib import Path

import torch
from filelock import FileLock, Timeout

from ebmrepro.machine.hardware import processor
from ebmrepro.params.base import ParamsError
from ebmrepro.params.root import Compute

# The GPU of this process among several, and the lock that keeps others from it.
_taken: tuple[int, FileLock] | None = None


def set_up(compute: Compute) -> torch.device:
    """Choose the device, fix the number of threads and ask for deterministic algorithms.

    Raises ParamsError if cuda is asked for and there is none.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(compute.threads)
    # The same switch as use_deterministic_algorithms(True), which would import all of torch's compiler first:
    # seconds of start-up in every job.
    torch.set_deterministic_debug_mode("error")
    # In that mode torch also fills every new tensor before its use: a tenth of the time, against nothing
    # but reading memory that nobody wrote.
    torch.utils.deterministic.fill_uninitialized_memory = False
    available = torch.cuda.is_available()
    if compute.device == "cuda" and not available:
        raise ParamsError("params.yaml: compute.device: is cuda, but this machine has no usable CUDA device")
    if not available or compute.device == "cpu":
        return torch.device("cpu")
    if torch.cuda.device_count() > 1:
        torch.cuda.set_device(_free_gpu(torch.cuda.device_count(), Path(tempfile.gettempdir())))
    return torch.device("cuda")


def _free_gpu(count: int, folder: Path) -> int:
    """A GPU that no other job of this user computes on here; if all are taken, one to be shared.

    Jobs that run at the same time would otherwise all take the first. The kernel drops a lock with its
    process, however that ends. Slurm shows a job its own GPU alone: then nothing is chosen here.
    """
    global _taken
    if _taken is not None:
        return _taken[0]
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    names = visible if len(visible) == count else map(str, range(count))
    for index, name in enumerate(names):
        lock = FileLock(folder / f"ebm-{os.getuid()}-gpu-{name.strip()}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        _taken = index, lock
        return index
    return os.getpid() % count


def environment(device: torch.device) -> dict[str, str | int]:
    """What a result's bits depend on besides params.yaml: versions, device model, threads."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "device": device_name(device),
        "threads": torch.get_num_threads(),
        "platform": f"{platform.system()} {platform.machine()}",
    }


def device_name(device: torch.device) -> str:
    """The model of the GPU or of the processor."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else processor()
