"""How a training stops and goes on: signals, and the work directory with its lock and checkpoints.

The directory is no declared output: both runners delete those before a re-run. Its name carries a hash of
everything that decides the result (the job's settings and code, the data, the machine), so a checkpoint of
another configuration is never picked up.
"""

import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from filelock import FileLock, Timeout
from torch import Tensor

from ebmrepro.files.workspace import WorkspaceError, data_sha256, load_tensors, save_tensors

WORK = Path(".work")


@contextmanager
def work_directory(run: str, identity: dict) -> Iterator[Path]:
    """The folder for `run` with this identity, held exclusively; work of other identities is removed.

    Raises WorkspaceError if another process is training the same run.
    """
    WORK.mkdir(exist_ok=True)
    lock = FileLock(WORK / f"{run}.lock")
    try:
        held = lock.acquire(timeout=0)
    except Timeout:
        raise WorkspaceError(
            f"{run} is being trained by another process in this folder: wait for it or stop it"
        ) from None
    with held:
        folder = WORK / f"{run}-{data_sha256(identity)[:16]}"
        for other in WORK.glob(f"{run}-*"):
            if other != folder and len(other.name) == len(folder.name):
                shutil.rmtree(other)
        folder.mkdir(exist_ok=True)
        yield folder


def save_checkpoint(path: Path, state: dict[str, Tensor]) -> None:
    """Write training state; an interrupted write leaves the previous checkpoint in place."""
    save_tensors(path, {name: value.cpu().numpy() for name, value in state.items()})


def load_checkpoint(path: Path) -> dict[str, Tensor] | None:
    """The last saved state, or None if there is none that can be used."""
    try:
        arrays, _ = load_tensors(path)
    except WorkspaceError:
        # A damaged checkpoint costs time, not the result: training starts again from the seed.
        path.unlink(missing_ok=True)
        return None
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


class Interrupted(Exception):
    """Training stopped on a signal, its state saved; `signum` is the signal."""

    def __init__(self, signum: int):
        super().__init__(f"stopped by {signal.Signals(signum).name}; run again to go on")
        self.signum = signum


class StopSignal:
    """Catches SIGTERM and SIGINT inside its `with`; a second one ends the process as usual."""

    # The number of the signal that asked to stop, 0 if none did.
    requested = 0

    def __enter__(self):
        self._previous = {s: signal.signal(s, self._once) for s in (signal.SIGTERM, signal.SIGINT)}
        return self

    def _once(self, signum: int, frame) -> None:
        self.requested = signum
        signal.signal(signum, self._previous[signum])

    def __exit__(self, *failure) -> None:
        for signum, handler in self._previous.items():
            signal.signal(signum, handler)
