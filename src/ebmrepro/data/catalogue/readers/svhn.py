"""SVHN, format 2: a MATLAB file with X (32, 32, 3, n) and y (n, 1) in 1..10, where 10 is the digit 0.

Order: that of the file. Label 0 is the digit 0, as in torchvision.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import scipy.io

from ebmrepro.data.catalogue.content import Content, Item
from ebmrepro.files.workspace import WorkspaceError

ZERO = 10


def read(paths: list[Path], split: str) -> Content:
    """Labels: `label`, the digit."""
    (path,) = paths
    try:
        arrays = scipy.io.loadmat(path, variable_names=["X", "y"])
        pixels, labels = arrays["X"], arrays["y"].ravel().astype(np.int64)
    except Exception as failure:
        # scipy's readers of damaged files raise anything.
        raise WorkspaceError(f"{path} is no whole MATLAB file ({failure}): get it again") from None
    fits = pixels.dtype == np.uint8 and pixels.ndim == 4 and pixels.shape[:3] == (32, 32, 3)
    if not (fits and pixels.shape[3] == len(labels) and np.isin(labels, range(1, ZERO + 1)).all()):
        raise WorkspaceError(f"{path} does not hold SVHN's cropped digits: get it again")

    def items() -> Iterator[Item]:
        for index, label in enumerate(labels):
            image = np.ascontiguousarray(pixels[..., index].transpose(2, 0, 1))
            yield f"{path.name}[{index}]", image, {"label": int(label) % ZERO}

    return Content(len(labels), {"label": tuple("0123456789")}, items)
