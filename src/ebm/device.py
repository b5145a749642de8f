"""The machine a job runs on."""

import os
import platform

import torch

from ebm.machine import processor
from ebm.params.base import ParamsError
from ebm.params.root import Compute


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
    return torch.device("cuda" if available and compute.device != "cpu" else "cpu")


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
