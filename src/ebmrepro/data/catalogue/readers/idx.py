"""MNIST's IDX files, gzipped: a big-endian header (type 0x08 of unsigned bytes, dimensions), then the bytes.

Order: that of the file.
"""

import gzip
import math
import struct
from pathlib import Path

import numpy as np

from ebmrepro.data.catalogue.archives import named
from ebmrepro.data.catalogue.readers import DIGITS, Content, numbered
from ebmrepro.files.workspace import WorkspaceError

UNSIGNED_BYTE = 0x08


def read(split: str, images_path: Path, labels_path: Path) -> Content:
    """Labels: `label`, the digit."""
    images, labels = _array(images_path, 3), _array(labels_path, 1)
    if len(images) != len(labels):
        raise WorkspaceError(
            f"{images_path} has {len(images)} images, {labels_path} {len(labels)} labels: get both again"
        )
    if labels.size and labels.max() > 9:
        raise WorkspaceError(f"{labels_path} has a label {labels.max()}, which is no digit: get it again")
    items = numbered(images_path.name, images[:, None], {"label": labels})
    return Content(len(images), {"label": DIGITS}, items)


def _array(path: Path, dimensions: int) -> np.ndarray:
    with named(path), gzip.open(path) as file:
        data = file.read()
    start = 4 + 4 * dimensions
    shape = struct.unpack(f">{dimensions}I", data[4:start]) if len(data) >= start else ()
    if data[:4] != bytes([0, 0, UNSIGNED_BYTE, dimensions]) or len(data) - start != math.prod(shape):
        raise WorkspaceError(f"{path} is no whole IDX file of {dimensions} dimensions: get it again")
    return np.frombuffer(data, dtype=np.uint8, offset=start).reshape(shape)
