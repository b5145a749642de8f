"""What the loaders share: where a stage's files lie, and what every metrics file holds of a seed."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ebmrepro.files import workspace
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.root import Params
from ebmrepro.params.shown import Shown
from ebmrepro.shown.data import FINISHED, Outcome


def place(params: Params, shown: Shown, item: str, suffix: str) -> Path:
    """A file of the stage that `shown` is made from."""
    return workspace.run_file(params.preset, shown.stage, shown.experiment, item, suffix)


def metrics(seeds: Mapping[str, Mapping]) -> dict[int, dict[str, float | None]]:
    """Metrics by seed from the `seeds` of a metrics file."""
    return {int(seed): entry["metrics"] for seed, entry in seeds.items()}


def outcomes(seeds: Mapping[str, Mapping]) -> dict[int, Outcome]:
    """Outcomes by seed from the `seeds` of a status or metrics file."""
    return {
        int(seed): Outcome(entry["iteration"], entry["cause"]) if entry["outcome"] == "diverged" else FINISHED
        for seed, entry in seeds.items()
    }


def of_seed(tensors: Mapping[str, np.ndarray], seed: int | str, path: Path) -> dict[str, np.ndarray]:
    """The tensors under `seed`/, without that; raises WorkspaceError if there are none."""
    prefix = f"{seed}/"
    arrays = {name[len(prefix) :]: array for name, array in tensors.items() if name.startswith(prefix)}
    if not arrays:
        raise WorkspaceError(f"{path} holds no seed {seed}: run `snakemake`")
    return arrays


def arrays_sha256(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 over names, types, shapes and contents of arrays, hexadecimal."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.data)
    return digest.hexdigest()
