"""Tensor files larger than memory, written row by row; `workspace` reads them as those of `save_tensors`."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ebmrepro.files.workspace import CHUNK, DTYPES, WorkspaceError, atomic_path, tensors_sha256

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
        count, first = 0, None
        for row in rows:
            first = row if first is None else first
            if row.shape != first.shape or row.dtype != first.dtype:
                raise ValueError(
                    f"row {count} is {row.dtype} {row.shape}, others {first.dtype} {first.shape}"
                )
            file.write(np.ascontiguousarray(row).tobytes())
            count += 1
        if first is None:
            raise WorkspaceError(f"{path}: there is nothing to write")
        header = {name: _entry(0, (count, *first.shape), first.dtype)}
        end = header[name]["data_offsets"][1]
        for key, array in others().items():
            header[key] = _entry(end, array.shape, array.dtype)
            end = header[key]["data_offsets"][1]
            file.write(np.asarray(array, order="C").tobytes())
        _write_header(file, header, metadata)
    return count


def _entry(start: int, shape: tuple[int, ...], dtype: np.dtype) -> dict:
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    return {"dtype": NAMES[dtype], "shape": list(shape), "data_offsets": [start, start + size]}


def _write_header(file: BinaryIO, header: dict, metadata: Mapping) -> None:
    described = {key: json.dumps(value, sort_keys=True) for key, value in metadata.items()}
    header = {key: header[key] for key in sorted(header)}
    file.flush()
    file.seek(HEADER_BYTES)
    digest = tensors_sha256(header, described, iter(lambda: file.read(CHUNK), b""))
    entries = header | {"__metadata__": described | {"sha256": digest}}
    text = json.dumps(entries, sort_keys=True, separators=(",", ":")).encode()
    if len(text) > HEADER_BYTES - 8:
        raise ValueError(f"the description of the arrays has {len(text)} bytes: fewer arrays in a file")
    file.seek(0)
    file.write((HEADER_BYTES - 8).to_bytes(8, "little") + text.ljust(HEADER_BYTES - 8))
