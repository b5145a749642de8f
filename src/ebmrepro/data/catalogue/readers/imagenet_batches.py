"""ImageNet 32 x 32 of Chrabaszcz et al. 2017: a zip of batches, each an npz or a pickle with `data` (n, 3072)
uint8, red, green and blue planes, and `labels` in 1..1000.

Order: by the number of the batch, row by row. Labels are numbered from 0. The images of an npz are read a
thousand at a time, so that a batch of 390 MB is never in memory.
"""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ebmrepro.data.catalogue.archives import named, read_batch
from ebmrepro.data.catalogue.readers import Content, Item
from ebmrepro.files.workspace import WorkspaceError

ROW, CLASSES = 3072, 1000
# Images read at a time.
ROWS = 1000
# train_data_batch_1.npz, val_data.npz, and the same without a suffix for pickles.
BATCH = re.compile(r"(?:.*/)?(?:train_data_batch_(\d+)|val_data)(\.npz)?$")


def read(split: str, path: Path) -> Content:
    """Labels: `label`; the files hold no names of classes, so they are called by their numbers from 1."""
    with named(path), zipfile.ZipFile(path) as archive:
        found = [match for match in map(BATCH.fullmatch, archive.namelist()) if match]
    members = [match[0] for match in sorted(found, key=lambda match: int(match[1] or 0))]
    if not members:
        raise WorkspaceError(f"{path} holds no batches of ImageNet 32x32: move it away, then get it again")
    # How many only reading tells: a batch says it in its last bytes or nowhere.
    return Content(None, {"label": tuple(map(str, range(1, CLASSES + 1)))}, _items(path, members))


def _items(path: Path, members: list[str]) -> Iterator[Item]:
    with named(path), zipfile.ZipFile(path) as archive:
        for member in members:
            label = f"{path}: {member}"
            batch = _npz if member.endswith(".npz") else _pickled
            try:
                with archive.open(member) as file:
                    for index, (row, number) in enumerate(batch(file, label)):
                        name = f"{Path(member).name}[{index}]"
                        yield name, row.reshape(3, 32, 32), {"label": int(number) - 1}
            except (KeyError, AttributeError, ValueError) as failure:
                raise WorkspaceError(f"{label} is no batch of images ({failure}): get it again") from None


def _npz(file: BinaryIO, label: str) -> Iterator[tuple[np.ndarray, int]]:
    """Rows and labels of a batch."""
    with zipfile.ZipFile(file) as batch:
        with batch.open("labels.npy") as opened:
            labels = np.lib.format.read_array(opened, allow_pickle=False)
        with batch.open("data.npy") as opened:
            if np.lib.format.read_magic(opened) != (1, 0):
                raise ValueError("another version of npy")
            shape, by_column, dtype = np.lib.format.read_array_header_1_0(opened)
            _check(labels, shape, dtype, label)
            if by_column:
                raise ValueError("stored by columns")
            for start in range(0, shape[0], ROWS):
                some = min(ROWS, shape[0] - start)
                block = np.frombuffer(opened.read(some * ROW), dtype=np.uint8).reshape(some, ROW)
                yield from zip(block, labels[start : start + some], strict=True)


def _pickled(file: BinaryIO, label: str) -> Iterator[tuple[np.ndarray, int]]:
    """Rows and labels of a batch."""
    content = read_batch(file, label)
    rows, labels = content["data"], np.array(content["labels"])
    _check(labels, rows.shape, rows.dtype, label)
    yield from zip(rows, labels, strict=True)


def _check(labels: np.ndarray, shape: tuple[int, ...], dtype: np.dtype, label: str) -> None:
    fits = dtype == np.uint8 and shape[1:] == (ROW,)
    fits = fits and labels.shape == shape[:1] and labels.dtype.kind in "iu"
    if not fits or not ((labels >= 1) & (labels <= CLASSES)).all():
        raise WorkspaceError(
            f"{label} does not hold rows of {ROW} bytes with labels 1 to {CLASSES}: get it again"
        )
