"""CIFAR-10 and -100: a tar.gz of pickled batches, rows of 3,072 bytes: red, green, blue planes of 32 x 32.

Order: data_batch_1 to data_batch_5, or train or test, row by row, as torchvision has it.
"""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ebmrepro.data.catalogue.archives import tar_members
from ebmrepro.data.catalogue.content import Content, Item
from ebmrepro.data.catalogue.pickles import read_batch
from ebmrepro.files.workspace import WorkspaceError

SHAPE = (3, 32, 32)
TEN = {
    "train": [f"cifar-10-batches-py/data_batch_{number}" for number in range(1, 6)],
    "test": ["cifar-10-batches-py/test_batch"],
}
TEN_NAMES = "cifar-10-batches-py/batches.meta"
HUNDRED = {"train": ["cifar-100-python/train"], "test": ["cifar-100-python/test"]}
HUNDRED_NAMES = "cifar-100-python/meta"
# Key of the batches, key of the names, what we call it.
TEN_LABELS = (("labels", "label_names", "label"),)
HUNDRED_LABELS = (
    ("fine_labels", "fine_label_names", "label"),
    ("coarse_labels", "coarse_label_names", "superclass"),
)


def read(paths: list[Path], split: str) -> Content:
    """Labels: `label`, and for CIFAR-100 also `superclass`."""
    (path,) = paths
    hundred = _is_hundred(path)
    members = (HUNDRED if hundred else TEN)[split]
    keys = HUNDRED_LABELS if hundred else TEN_LABELS
    names = HUNDRED_NAMES if hundred else TEN_NAMES
    # The archive has them in another order; they are 31 MB each.
    files = dict(tar_members(path, [*members, names]))
    meta = read_batch(io.BytesIO(files[names]), f"{path}: {names}")
    try:
        attributes = {ours: tuple(name.decode() for name in meta[theirs]) for _, theirs, ours in keys}
    except (KeyError, AttributeError, UnicodeDecodeError, TypeError):
        raise WorkspaceError(f"{path}: {names} holds no names of classes: get it again") from None
    batches = [_batch(path, member, files.pop(member), keys, attributes) for member in members]

    def items() -> Iterator[Item]:
        for member, (rows, labels) in zip(members, batches, strict=True):
            for index, row in enumerate(rows):
                yield f"{member}[{index}]", row, {name: int(array[index]) for name, array in labels.items()}

    return Content(sum(len(rows) for rows, _ in batches), attributes, items)


def _is_hundred(path: Path) -> bool:
    for name, _ in tar_members(path):
        if name.startswith("cifar-100-python/"):
            return True
        if name.startswith("cifar-10-batches-py/"):
            return False
    raise WorkspaceError(f"{path} holds no batches of CIFAR: move it away, then get it again")


def _batch(
    path: Path, member: str, data: bytes, keys: tuple, attributes: dict[str, tuple[str, ...]]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Images (n, 3, 32, 32) and labels (n,) of a batch."""
    content = read_batch(io.BytesIO(data), f"{path}: {member}")
    try:
        rows = content["data"]
        labels = {ours: np.array(content[theirs], dtype=np.int64) for theirs, _, ours in keys}
        fits = rows.dtype == np.uint8 and rows.shape[1:] == (3072,)
        for name, array in labels.items():
            fits &= array.shape == rows.shape[:1] and bool(np.isin(array, range(len(attributes[name]))).all())
    except (KeyError, AttributeError, TypeError, ValueError):
        fits = False
    if not fits:
        raise WorkspaceError(
            f"{path}: {member} is no batch of CIFAR: move the archive away, then get it again"
        )
    return rows.reshape(-1, *SHAPE), labels
