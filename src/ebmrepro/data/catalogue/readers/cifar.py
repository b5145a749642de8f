"""CIFAR-10 and -100: a tar.gz of pickled batches, rows of 3,072 bytes: red, green, blue planes of 32 x 32.

Order: data_batch_1 to data_batch_5, or train or test, row by row, as torchvision has it.
"""

import io
from itertools import chain
from pathlib import Path

import numpy as np

from ebmrepro.data.catalogue.archives import read_batch, tar_members
from ebmrepro.data.catalogue.readers import Content, numbered
from ebmrepro.files.workspace import WorkspaceError

# By folder: the batches of each split, the file of names, and for each of our attributes the key of its
# labels in a batch and that of its names.
EDITIONS = {
    "cifar-10-batches-py/": (
        {"train": [f"data_batch_{number}" for number in range(1, 6)], "test": ["test_batch"]},
        "batches.meta",
        {"label": ("labels", "label_names")},
    ),
    "cifar-100-python/": (
        {"train": ["train"], "test": ["test"]},
        "meta",
        {
            "label": ("fine_labels", "fine_label_names"),
            "superclass": ("coarse_labels", "coarse_label_names"),
        },
    ),
}


def read(split: str, path: Path) -> Content:
    """Labels: `label`, and for CIFAR-100 also `superclass`."""
    found = (folder for name, _ in tar_members(path) for folder in EDITIONS if name.startswith(folder))
    folder = next(found, None)
    if folder is None:
        raise WorkspaceError(f"{path} holds no batches of CIFAR: move it away, then get it again")
    splits, names, keys = EDITIONS[folder]
    members, names = [folder + member for member in splits[split]], folder + names
    # The archive has them in another order; they are 31 MB each.
    files = dict(tar_members(path, [*members, names]))
    meta = read_batch(io.BytesIO(files[names]), f"{path}: {names}")
    try:
        attributes = {ours: tuple(name.decode() for name in meta[key]) for ours, (_, key) in keys.items()}
    except (KeyError, AttributeError, UnicodeDecodeError, TypeError):
        raise WorkspaceError(f"{path}: {names} holds no names of classes: get it again") from None
    batches = []
    for member in members:
        content = read_batch(io.BytesIO(files.pop(member)), f"{path}: {member}")
        try:
            rows = content["data"]
            labels = {ours: np.array(content[key], dtype=np.int64) for ours, (key, _) in keys.items()}
            fits = rows.dtype == np.uint8 and rows.shape[1:] == (3072,)
            for name, array in labels.items():
                fits &= array.shape == rows.shape[:1] and np.isin(array, range(len(attributes[name]))).all()
        except (KeyError, AttributeError, TypeError, ValueError):
            fits = False
        if not fits:
            raise WorkspaceError(
                f"{path}: {member} is no batch of CIFAR: move the archive away, then get it again"
            )
        batches.append((member, rows.reshape(-1, 3, 32, 32), labels))
    items = chain.from_iterable(numbered(*batch) for batch in batches)
    return Content(sum(len(rows) for _, rows, _ in batches), attributes, items)
