"""Any folder of images by class: `folder/<class>/*.{jpg,jpeg,png}`, centre-cropped and resized."""

from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.model_selection import train_test_split

from ebm.params.datasets import ImageFolderData
from ebm.workspace import WorkspaceError

SUFFIXES = {".jpg", ".jpeg", ".png"}


def make(config: ImageFolderData) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Train images, train labels, test images, test labels.

    Images are uint8 of shape (n, channels, size, size) in 0..255; labels int64, the classes numbered in
    alphabetical order. With `limit`, that many images are drawn at random, evenly over the classes.
    Raises WorkspaceError if the folder is missing, holds no images, or an image cannot be read.
    """
    folder = Path(config.source)
    if not folder.is_dir():
        raise WorkspaceError(f"image_folder: {folder} is not a folder")
    classes = [path for path in sorted(folder.iterdir()) if path.is_dir()]
    files = [sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES) for path in classes]
    if sum(map(len, files)) == 0:
        raise WorkspaceError(f"image_folder: {folder} has no sub-folder with JPEG or PNG files")
    rng = np.random.default_rng([config.seed, 3])
    images, labels = [], []
    for label, paths in enumerate(files):
        if config.limit is not None:
            share = config.limit // len(files) + (label < config.limit % len(files))
            paths = [paths[i] for i in sorted(rng.permutation(len(paths))[:share])]
        images += [_read(path, config) for path in paths]
        labels += [label] * len(paths)
    labels = np.array(labels, dtype=np.int64)
    try:
        split = train_test_split(
            np.stack(images),
            labels,
            test_size=config.test_fraction,
            random_state=config.seed,
            stratify=labels,
        )
    except ValueError as failure:
        raise WorkspaceError(f"image_folder: {folder} cannot be split: {failure}") from None
    train, test, train_labels, test_labels = split
    return train, train_labels, test, test_labels


def _read(path: Path, config: ImageFolderData) -> np.ndarray:
    try:
        with Image.open(path) as opened:
            image = opened.convert("L" if config.channels == 1 else "RGB")
    except Exception as failure:
        # Damage makes Pillow's decoders raise anything: SyntaxError, struct.error, a decompression bomb.
        raise WorkspaceError(f"image_folder: {path} cannot be read: {failure}") from None
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    image = image.crop((left, top, left + side, top + side))
    if side != config.size:
        image = image.resize((config.size, config.size), Image.Resampling.LANCZOS)
    pixels = np.asarray(image)
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
