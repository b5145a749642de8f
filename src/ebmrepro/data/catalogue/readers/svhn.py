"""SVHN, format 2: a MATLAB file with X (32, 32, 3, n) and y (n, 1) in 1..10, where 10 is the digit 0.

Order: that of the file. Label 0 is the digit 0, as in torchvision.
"""

from pathlib import Path

import numpy as np
import scipy.io

from ebmrepro.data.catalogue.readers import DIGITS, Content, numbered
from ebmrepro.files.workspace import WorkspaceError

ZERO = 10


def read(split: str, path: Path) -> Content:
    """Labels: `label`, the digit."""
    try:
        arrays = scipy.io.loadmat(path, variable_names=["X", "y"])
        pixels, labels = arrays["X"], arrays["y"].ravel().astype(np.int64)
    except Exception as failure:
        # scipy's readers of damaged files raise anything.
        raise WorkspaceError(f"{path} is no whole MATLAB file ({failure}): get it again") from None
    fits = pixels.dtype == np.uint8 and pixels.ndim == 4 and pixels.shape[:3] == (32, 32, 3)
    if not (fits and pixels.shape[3] == len(labels) and np.isin(labels, range(1, ZERO + 1)).all()):
        raise WorkspaceError(f"{path} does not hold SVHN's cropped digits: get it again")
    items = numbered(path.name, pixels.transpose(3, 2, 0, 1), {"label": labels % ZERO})
    return Content(len(labels), {"label": DIGITS}, items)
