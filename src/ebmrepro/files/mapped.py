"""Tensor files larger than memory, written row by row; `workspace` reads them as those of `save_tensors`."""

import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np

from ebmrepro.files.workspace import CHUNK, DTYPES, WorkspaceError, atomic_path, description

# Room for the header, which is known last and stands first: dozens of arrays.
HEADER_BYTES = 1 << 16
NAMES = {np.dtype(dtype): name for name, dtype in DTYPES.items()}


def save_rows(
    path: Path,
    name: str,
    rows: Iterable[np.ndarray],
    others: Callable[[], Mapping[str, np.ndarray]] = dict,
    metadata: Mapping = {},
) -> int:
    """Write an array `name` (n, ...) from its `rows`, alike in shape and dtype, one in memory at a time.

    `others`, asked when the rows have ended, are arrays that stand beside it. Returns n. Raises
    WorkspaceError if there are no rows, ValueError if they are not alike.
    """
    with atomic_path(path) as temporary, open(temporary, "wb+") as file:
        file.seek(HEADER_BYTES)
        first = None
        for count, row in enumerate(rows, 1):
            first = row if first is None else first
            if row.shape != first.shape or row.dtype != first.dtype:
                raise ValueError(
                    f"row {count - 1} is {row.dtype} {row.shape}, others {first.dtype} {first.shape}"
                )
            file.write(row.tobytes())
        if first is None:
            raise WorkspaceError(f"{path}: there is nothing to write")
        written, entries, end = {name: ((count, *first.shape), first.dtype)}, {}, 0
        for key, array in others().items():
            file.write(array.tobytes())
            written[key] = array.shape, array.dtype
        for key, (shape, dtype) in written.items():
            start, end = end, end + math.prod(shape) * dtype.itemsize
            entries[key] = {"dtype": NAMES[dtype], "shape": list(shape), "data_offsets": [start, end]}
        file.flush()
        file.seek(HEADER_BYTES)
        text = description(entries, metadata, iter(lambda: file.read(CHUNK), b""))
        if len(text) > HEADER_BYTES - 8:
            raise ValueError(f"the description of the arrays has {len(text)} bytes: fewer arrays in a file")
        file.seek(0)
        file.write((HEADER_BYTES - 8).to_bytes(8, "little") + text.ljust(HEADER_BYTES - 8))
    return count
