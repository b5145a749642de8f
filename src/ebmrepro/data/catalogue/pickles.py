"""Pickled batches of numpy arrays, read without executing code.

A pickle may name any function and have it called. The unpickler here knows three names, those that rebuild a
numpy array; whatever else a pickle names is refused before anything is called.
"""

import pickle
from typing import BinaryIO

import numpy as np

from ebmrepro.files.workspace import WorkspaceError

# What numpy's own pickles call: taken from one, because its place within numpy has changed over the years.
_RECONSTRUCT = np.empty(0).__reduce__()[0]
ADMITTED = {
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str):
        if (module, name) not in ADMITTED:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        return ADMITTED[module, name]


def read_batch(file: BinaryIO, label: str) -> dict[str, object]:
    """The dict of arrays, lists, numbers and texts that a pickle holds, keys as text.

    Texts of Python 2 stay bytes. `label` names the file in the WorkspaceError raised if the pickle names
    anything but numpy's array, is damaged, or holds no dict.
    """
    try:
        content = _ArraysOnly(file, encoding="bytes").load()
        if not isinstance(content, dict):
            raise pickle.UnpicklingError("it holds no dict")
        return {str(key, "ascii") if isinstance(key, bytes) else str(key): v for key, v in content.items()}
    except Exception as failure:
        # A damaged or hostile pickle raises anything: every opcode acts on what the file says.
        reason = str(failure).splitlines()[0] if str(failure) else type(failure).__name__
        raise WorkspaceError(f"{label} is refused, it is no batch of plain arrays: {reason}") from None
