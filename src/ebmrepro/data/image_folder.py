"""Any folder of images by class: `folder/<class>/*.{jpg,jpeg,png}`, centre-cropped and resized."""

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

import numpy as np
from sklearn.model_selection import train_test_split

from ebmrepro.data.catalogue.pictures import CorruptImage, decode
from ebmrepro.data.prepared import Prepared, Stream
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.catalogue import Preparation
from ebmrepro.params.datasets.image_folder import ImageFolderData

SUFFIXES = {".jpg", ".jpeg", ".png"}
CENTRE = Preparation(crop="square", resample="lanczos", source="of this project")
# So many damaged files are named, all are counted.
NAMED = 10


class Part(Stream):
    """Pixels, uint8 (channels, size, size) in 0..255, of the images of one part of a folder, and as `label`
    the number of the class, classes being numbered in alphabetical order.

    `corrupt` names files as seen from the folder. With `corrupt: stop` an iteration ends in WorkspaceError if
    there are any, with `skip` they are missing from it.
    """

    def __init__(self, name: str, config: ImageFolderData, paths: list[Path], labels: np.ndarray):
        super().__init__()
        self.name, self.paths, self.labels, self._config = name, paths, labels, config

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[tuple[np.ndarray, Mapping[str, int]]]:
        config, self.corrupt, reason = self._config, [], ""
        for path, label in zip(self.paths, self.labels.tolist(), strict=True):
            try:
                pixels = decode(path.read_bytes(), config.size, config.channels, CENTRE)
            except CorruptImage as failure:
                self.corrupt.append(str(path.relative_to(config.folder)))
                reason = reason or str(failure)
                continue
            except OSError as failure:
                raise WorkspaceError(f"image_folder: {path} cannot be read ({failure.strerror})") from None
            yield pixels, {"label": label}
        if self.corrupt and (config.corrupt == "stop" or len(self.corrupt) == len(self)):
            named = ", ".join(self.corrupt[:NAMED]) + (", ..." if len(self.corrupt) > NAMED else "")
            raise WorkspaceError(
                f"image_folder: {len(self.corrupt)} of {len(self):,} {self.name} images in {config.folder}"
                f" cannot be decoded ({named}; of the first: {' '.join(reason.split())}): repair or remove"
                " them, or set corrupt: skip"
            )


def prepare(config: ImageFolderData) -> Prepared:
    """The parts `train` and `test` of the folder, split by class with its seed, before any file is decoded.

    With `limit`, that many images are drawn at random, evenly over the classes. Raises WorkspaceError if the
    folder is missing, holds no images or too few to split.
    """
    folder = Path(config.folder)
    if not folder.is_dir():
        raise WorkspaceError(f"image_folder: {folder} is not a folder")
    classes = [path for path in sorted(folder.iterdir()) if path.is_dir()]
    files = [sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES) for path in classes]
    if not any(files):
        raise WorkspaceError(f"image_folder: {folder} has no sub-folder with JPEG or PNG files")
    rng = np.random.default_rng([config.seed, 3])
    if config.limit is not None:
        for label, paths in enumerate(files):
            share = config.limit // len(files) + (label < config.limit % len(files))
            files[label] = [paths[i] for i in sorted(rng.permutation(len(paths))[:share])]
    chosen = list(chain.from_iterable(files))
    labels = np.repeat(np.arange(len(files)), [len(paths) for paths in files])
    try:
        train, test = train_test_split(
            np.arange(len(chosen)), test_size=config.test_fraction, random_state=config.seed, stratify=labels
        )
    except ValueError as failure:
        raise WorkspaceError(f"image_folder: {folder} cannot be split: {failure}") from None
    parts = {
        name: Part(name, config, [chosen[i] for i in index], labels[index])
        for name, index in (("train", train), ("test", test))
    }

    def facts() -> dict:
        return {"source": config.folder, "corrupt": {name: part.corrupt for name, part in parts.items()}}

    return Prepared(parts, facts=facts)
