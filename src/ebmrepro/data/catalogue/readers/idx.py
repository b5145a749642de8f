"""MNIST's IDX files, gzipped: a big-endian header (type 0x08 of unsigned bytes, dimensions), then the bytes.

Order: that of the file.
"""

import gzip
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ebmrepro.data.catalogue.archives import named
from ebmrepro.data.catalogue.content import Content, Item
from ebmrepro.files.workspace import WorkspaceError

UNSIGNED_BYTE = 0x08


def read(paths: list[Path], split: str) -> Content:
    """Labels: `label`, the digit."""
    images, labels = _array(paths[0], 3), _array(paths[1], 1)
    if len(images) != len(labels):
        raise WorkspaceError(
            f"{paths[0]} has {len(images)} images, {paths[1]} {len(labels)} labels: get both again"
        )
    if labels.size and labels.max() > 9:
        raise WorkspaceError(f"{paths[1]} has a label {labels.max()}, which is no digit: get it again")

    def items() -> Iterator[Item]:
        for index, (image, label) in enumerate(zip(images, labels, strict=True)):
            yield f"{paths[0].name}[{index}]", image[None], {"label": int(label)}

    return Content(len(images), {"label": tuple("0123456789")}, items)


def _array(path: Path, dimensions: int) -> np.ndarray:
    with named(path), gzip.open(path) as file:
        data = file.read()
    start = 4 + 4 * dimensions
    shape = tuple(int(n) for n in np.frombuffer(data[4:start], dtype=">u4")) if len(data) >= start else None
    if (
        shape is None
        or data[:4] != bytes([0, 0, UNSIGNED_BYTE, dimensions])
        or len(data) - start != math.prod(shape)
    ):
        raise WorkspaceError(f"{path} is no whole IDX file of {dimensions} dimensions: get it again")
    return np.frombuffer(data, dtype=np.uint8, offset=start).reshape(shape)
