"""The machine that a job ran on, and what the job took of it."""

import os
import platform
import re
import resource
import sys
from pathlib import Path


def machine() -> dict[str, object]:
    """Device, processor, driver and versions, as they stand at the end of a job.

    `device` is cuda only if the job really used it. Nothing is imported for it: a job that draws figures
    never loads torch.
    """
    torch = sys.modules.get("torch")
    used = torch is not None and torch.cuda.is_initialized()
    return {
        "device": "cuda" if used else "cpu",
        "gpu": torch.cuda.get_device_name() if used else None,
        "driver": driver() if used else None,
        "cuda": torch.version.cuda if used else None,
        "cudnn": torch.backends.cudnn.version() if used else None,
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads() if torch is not None else None,
        "torch": torch.__version__ if torch is not None else None,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "slurm_job": os.environ.get("SLURM_JOB_ID"),
    }


def driver(path: Path = Path("/proc/driver/nvidia/version")) -> str | None:
    """Version of NVIDIA's driver, None if the kernel does not show one."""
    return _found(path, r"\b(\d{3,}\.\d+(?:\.\d+)?)\b")


def processor(path: Path = Path("/proc/cpuinfo")) -> str:
    """Model of the processor."""
    return _found(path, r"^model name\s*:\s*(.+)$") or platform.processor() or platform.machine()


def _found(path: Path, pattern: str) -> str | None:
    try:
        found = re.search(pattern, path.read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        return None
    return found[1].strip() if found else None


def usage() -> dict[str, float | None]:
    """Seconds of processor time and peak memory in MB of this process and the ones it waited for."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    torch = sys.modules.get("torch")
    used = torch is not None and torch.cuda.is_initialized()
    # Linux counts in kilobytes, macOS in bytes.
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return {
        "cpu_seconds": round(sum(one.ru_utime + one.ru_stime for one in spent), 1),
        "peak_memory_mb": round(max(one.ru_maxrss for one in spent) / unit),
        "peak_gpu_memory_mb": round(torch.cuda.max_memory_allocated() / 1e6) if used else None,
    }
