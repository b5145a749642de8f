"""Seconds and memory of `ebm prepare` for CIFAR-10's format: a tar.gz of pickled batches.

    python benchmarks/prepare_images.py [--images FOLDER] [--grid grid.png]

Without FOLDER the archive has as many images as CIFAR-10, 50,000 and 10,000, of random pixels, which compress
worse than photographs. With FOLDER (one sub-folder of JPEG or PNG files per class) its images, scaled to
32 x 32 if they have another size, in random order, the last fifth as test images; `--grid` shows 64 of the
result.

The archive, a catalogue file with its SHA-256 and the demo's params.yaml with one more data set are made in a
temporary folder; the command runs there as a process of its own, whose peak resident memory is what counts.
"""

import argparse
import hashlib
import io
import json
import os
import resource
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from ebmrepro.files.workspace import map_tensors
from ebmrepro.params.catalogue import find_entry

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "tests/data"))
from catalogue_formats import python2_pickle  # noqa: E402

SIDE, BATCHES = 32, 5
SUFFIXES = {".jpg", ".jpeg", ".png"}


def random_images(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Sixty thousand images (n, 3, 32, 32), their labels, and the names of the classes."""
    count = 60_000
    names = [f"class {number}" for number in range(10)]
    return rng.integers(0, 256, (count, 3, SIDE, SIDE), dtype=np.uint8), rng.integers(10, size=count), names


def images_of(folder: Path, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """The images in the sub-folders of `folder`, in random order."""
    classes = sorted(path for path in folder.iterdir() if path.is_dir())
    files = [
        (file, label)
        for label, path in enumerate(classes)
        for file in sorted(path.rglob("*"))
        if file.suffix.lower() in SUFFIXES
    ]
    images = np.empty((len(files), 3, SIDE, SIDE), np.uint8)
    order = rng.permutation(len(files))
    for place, number in enumerate(order):
        with Image.open(files[number][0]) as image:
            scaled = image.convert("RGB").resize((SIDE, SIDE))
        images[place] = np.asarray(scaled).transpose(2, 0, 1)
    return images, np.array([files[number][1] for number in order]), [path.name for path in classes]


def write_archive(path: Path, images: np.ndarray, labels: np.ndarray, names: list[str], train: int) -> None:
    """CIFAR-10's archive: `train` images in five batches, the others in the test batch."""
    parts = [
        (f"data_batch_{n + 1}", part) for n, part in enumerate(np.array_split(np.arange(train), BATCHES))
    ]
    parts.append(("test_batch", np.arange(train, len(images))))
    contents = {
        name: {"data": images[part].reshape(-1, 3 * SIDE * SIDE), "labels": labels[part].tolist()}
        for name, part in parts
    }
    contents["batches.meta"] = {"label_names": names}
    with tarfile.open(path, "w:gz", compresslevel=6) as archive:
        for name, content in contents.items():
            body = python2_pickle(content)
            info = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))


def write_catalogue(path: Path, archive: Path, names: list[str], train: int, test: int) -> None:
    """A catalogue of one entry, CIFAR-10's with this archive."""
    entry = find_entry("cifar10").model_dump(mode="json", exclude={"name"})
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    entry["files"][0] |= {"checksums": [f"sha256:{digest}"], "size": archive.stat().st_size}
    entry |= {"counts": {"train": train, "test": test}, "attributes": {"label": names}}
    path.write_text(json.dumps({"cifar10": entry}))


def write_params(path: Path, catalogue: Path) -> None:
    """The demo's parameters with the data set `published`."""
    section = {"kind": "catalogue", "catalogue": str(catalogue), "seed": 0, "entry": "cifar10",
               "folder": "files", "size": SIDE, "preparation": None, "corrupt": "stop", "train": "train",
               "test": "test", "train_limit": None, "test_limit": None, "classifier": None,
               "inception": None}  # fmt: skip
    demo = (ROOT / "workflow/presets/demo.yaml").read_text(encoding="utf-8")
    path.write_text(demo.replace("\ndatasets:\n", f"\ndatasets:\n  published: {json.dumps(section)}\n"))


def save_grid(path: Path, images: np.ndarray, labels: np.ndarray, names: list[str]) -> None:
    """Eight images of each of the first eight classes, a row for a class, enlarged threefold."""
    rows = [images[np.flatnonzero(labels == label)[:8]] for label in range(8)]
    grid = np.concatenate([np.concatenate(list(row), axis=2) for row in rows], axis=1).transpose(1, 2, 0)
    Image.fromarray(grid).resize((3 * grid.shape[1], 3 * grid.shape[0]), Image.Resampling.NEAREST).save(path)
    print(f"{path}: from the top {', '.join(names[:8])}")


def main() -> None:
    """Make the archive, prepare it, print the numbers, check the images."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--images", type=Path, help="a folder of images by class")
    parser.add_argument("--grid", type=Path, help="write 64 of the prepared training images to this PNG")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    images, labels, names = images_of(options.images, rng) if options.images else random_images(rng)
    train = len(images) * 4 // 5 if options.images else len(images) * 5 // 6
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "files").mkdir()
        archive = folder / "files/cifar-10-python.tar.gz"
        write_archive(archive, images, labels, names, train)
        write_catalogue(folder / "catalogue.yaml", archive, names, train, len(images) - train)
        write_params(folder / "params.yaml", folder / "catalogue.yaml")
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "ebmrepro", "prepare", "published"], cwd=folder, check=True, env=os.environ
        )
        seconds = time.perf_counter() - start
        # The only process that was waited for.
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        prepared = folder / "results/demo/prepare/published"
        for part, rows in (("train", slice(train)), ("test", slice(train, None))):
            found = map_tensors(prepared / f"{part}.safetensors")[0]
            same = np.array_equal(found["x"], images[rows]) and np.array_equal(found["label"], labels[rows])
            print(f"{part}: {len(found['x']):,} images, {'bit for bit' if same else 'DIFFERENT'}")
        if options.grid:
            found = map_tensors(prepared / "train.safetensors")[0]
            save_grid(options.grid, found["x"], found["label"], names)
        megabytes = archive.stat().st_size / 1e6
        print(f"archive of {megabytes:.0f} MB: {seconds:.1f} s, peak {peak:.0f} MiB")


if __name__ == "__main__":
    main()
