"""What a run is trained on, as `prepare` wrote it: on the training device if that has room."""

import os
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ebmrepro.data.host_batches import HostData
from ebmrepro.files import workspace
from ebmrepro.files.workspace import map_tensors
from ebmrepro.params.root import Params

# Shares of the free memory that the data may take: a GPU needs the rest for networks and chains, a host also
# for what else runs on it.
GPU_SHARE, HOST_SHARE = 0.5, 0.25
# Bytes copied to the device at a time.
CHUNK = 1 << 28
# What the kernel says of memory, and of the limit of a container or of a job.
MEMORY, LIMIT = Path("/proc/meminfo"), Path("/sys/fs/cgroup/memory.max")


def training_data(params: Params, run: str, device: torch.device) -> tuple[Tensor | HostData, Tensor | None]:
    """The data (n, ...) and, for an energy conditioned on an attribute, its labels (n,), else None.

    Images that `device` has no room for stay in their file as HostData: what is computed from them is the
    same. Raises WorkspaceError if the file is missing or damaged.
    """
    folder = workspace.prepared(params.preset, params.runs[run].dataset)
    arrays = map_tensors(folder / "train.safetensors")[0]
    attribute = params.resolve(run, "energy").attribute
    labels = None if attribute is None else _copy(arrays[attribute], device)
    rows = arrays["x"]
    # Data that are no images were made in memory, and some energies look at all of them.
    if rows.dtype == np.uint8 and rows.nbytes > _room(device):
        return HostData(rows, device), labels
    return _copy(rows, device), labels


def _room(device: torch.device) -> int:
    """Bytes that training data may take: of what a GPU has free, or the host, or its container if less."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0] * GPU_SHARE)
    try:
        words = dict(line.split(":") for line in MEMORY.read_text(encoding="utf-8").splitlines())
        available = int(words["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError):
        # Not Linux: half of what is built in.
        available = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    limit = LIMIT.read_text(encoding="utf-8").strip() if LIMIT.is_file() else "max"
    return int((available if limit == "max" else min(available, int(limit))) * HOST_SHARE)


def _copy(array: np.ndarray, device: torch.device) -> Tensor:
    """A tensor on `device`; of a mapped array only a part at a time is in the host's memory as well."""
    like = torch.from_numpy(np.empty(0, array.dtype))
    data = torch.empty(array.shape, dtype=like.dtype, device=device)
    rows = max(1, CHUNK * len(array) // max(array.nbytes, 1))
    for start in range(0, len(array), rows):
        data[start : start + rows] = torch.from_numpy(np.array(array[start : start + rows]))
    return data
