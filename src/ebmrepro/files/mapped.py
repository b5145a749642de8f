"""Tensor files larger than memory: written row by row, read by mapping them.

The files are those of `workspace.save_tensors`: safetensors with a SHA-256 in the header, which
`workspace.load_tensors` reads as well.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ebmrepro.files.workspace import WorkspaceError, atomic_path, remedy

# Room for the header, which is known last and stands first: dozens of arrays.
HEADER_BYTES = 1 << 16
CHUNK = 1 << 24
# Names of the safetensors format.
DTYPES = {
    "U8": np.uint8,
    "I64": np.int64,
    "I32": np.int32,
    "F32": np.float32,
    "F64": np.float64,
    "BOOL": np.bool_,
}
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


def map_tensors(path: Path) -> tuple[dict[str, np.ndarray], dict]:
    """Arrays and metadata of a tensor file, the arrays read-only maps of its bytes: none is in memory.

    The whole file is read once, a part at a time, to check its SHA-256. Raises WorkspaceError if it is
    missing, truncated, damaged or was not written by this project.
    """
    try:
        with open(path, "rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if length > os.path.getsize(path) - 8:
                raise ValueError("truncated")
            header = json.loads(file.read(length))
            described = header.pop("__metadata__")
            intact = described.pop("sha256") == _digest(file, 8 + length, header, described)
            end = max((entry["data_offsets"][1] for entry in header.values()), default=0)
            intact = intact and end == os.path.getsize(path) - 8 - length
    except FileNotFoundError:
        raise WorkspaceError(f"{path} is missing: {remedy(path)}") from None
    except OSError as failure:
        raise WorkspaceError(f"{path} cannot be read ({failure.strerror}): {remedy(path)}") from None
    except (ValueError, KeyError, AttributeError, TypeError):
        intact = False
    if not intact:
        raise WorkspaceError(f"{path} is damaged: delete it, then {remedy(path)}")
    arrays = {key: _mapped(path, 8 + length, entry) for key, entry in header.items()}
    return arrays, {key: json.loads(value) for key, value in described.items()}


def _entry(start: int, shape: tuple[int, ...], dtype: np.dtype) -> dict:
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    return {"dtype": NAMES[dtype], "shape": list(shape), "data_offsets": [start, start + size]}


def _write_header(file: BinaryIO, header: dict, metadata: Mapping) -> None:
    described = {key: json.dumps(value, sort_keys=True) for key, value in metadata.items()}
    header = {key: header[key] for key in sorted(header)}
    file.flush()
    digest = _digest(file, HEADER_BYTES, header, described)
    entries = header | {"__metadata__": described | {"sha256": digest}}
    text = json.dumps(entries, sort_keys=True, separators=(",", ":")).encode()
    if len(text) > HEADER_BYTES - 8:
        raise ValueError(f"the description of the arrays has {len(text)} bytes: fewer arrays in a file")
    file.seek(0)
    file.write((HEADER_BYTES - 8).to_bytes(8, "little") + text.ljust(HEADER_BYTES - 8))


def _digest(file: BinaryIO, start: int, header: Mapping, described: Mapping) -> str:
    """As workspace's, of the bytes of `file` from `start` on, a part at a time."""
    digest = hashlib.sha256(json.dumps([header, described], sort_keys=True).encode())
    file.seek(start)
    while part := file.read(CHUNK):
        digest.update(part)
    return digest.hexdigest()


def _mapped(path: Path, start: int, entry: Mapping) -> np.ndarray:
    dtype, shape = DTYPES[entry["dtype"]], tuple(entry["shape"])
    if 0 in shape:
        return np.empty(shape, dtype)
    return np.memmap(path, dtype, "r", start + entry["data_offsets"][0], shape)
