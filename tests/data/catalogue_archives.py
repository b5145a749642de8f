"""Every set of the catalogue in small, in its true format, with the images and labels that were put in.

Lossless formats must come back bit for bit. JPEGs hold ramps, which tell by their slope and offset how they
were cropped and scaled, and survive at quality 100 to within JPEG levels.
"""

import gzip
import io
import struct
from typing import NamedTuple

import numpy as np
import scipy.io
from catalogue_formats import database, encoded, python2_pickle, ramps, tar, zipped

# JPEG keeps luma Y and the colours Cb and Cr in whole levels, each off by one at most after its transform:
# blue is Y + 1.772 Cb, off by 2.8 at most, so 3 once rounded.
JPEG = 3
CELEBA_NAMES = ["5_o_Clock_Shadow", "Male", "Smiling", "Young"]


class Made(NamedTuple):
    """Bodies by file name; by split the images (n x channels x side x side) and labels by attribute."""

    bodies: dict[str, bytes]
    expected: dict[str, tuple[np.ndarray, dict[str, list[int]]]]
    tolerance: int = 0

    @property
    def counts(self) -> dict[str, int]:
        return {split: len(images) for split, (images, _) in self.expected.items()}


def pixels(rng: np.random.Generator, count: int, channels: int = 3, side: int = 32) -> np.ndarray:
    return rng.integers(0, 256, (count, channels, side, side), dtype=np.uint8)


def cifar10(rng) -> Made:
    images, labels = pixels(rng, 12), [*range(10), 3, 9]
    batches = {f"data_batch_{number}": slice(2 * number - 2, 2 * number) for number in range(1, 6)}
    batches["test_batch"] = slice(10, 12)
    members = {"cifar-10-batches-py/readme.html": b"<p>"}
    # The published archive has its batches out of order.
    for name in (
        "data_batch_4",
        "test_batch",
        "data_batch_3",
        "data_batch_2",
        "data_batch_5",
        "data_batch_1",
    ):
        part = batches[name]
        batch = {"batch_label": name, "labels": labels[part], "data": images[part].reshape(-1, 3072)}
        members[f"cifar-10-batches-py/{name}"] = python2_pickle(batch | {"filenames": ["a.png", "b.png"]})
    names = [f"class {number}" for number in range(10)]
    members["cifar-10-batches-py/batches.meta"] = python2_pickle({"label_names": names, "num_vis": 3072})
    expected = {"train": (images[:10], {"label": labels[:10]}), "test": (images[10:], {"label": labels[10:]})}
    return Made({"cifar-10-python.tar.gz": tar(members)}, expected)


def cifar100(rng) -> Made:
    members, expected = {}, {}
    for split, count in (("train", 7), ("test", 3)):
        images, fine, coarse = pixels(rng, count), rng.integers(100, size=count), rng.integers(20, size=count)
        batch = {
            "data": images.reshape(-1, 3072),
            "fine_labels": fine.tolist(),
            "coarse_labels": coarse.tolist(),
        }
        members[f"cifar-100-python/{split}"] = python2_pickle(batch)
        expected[split] = images, {"label": fine.tolist(), "superclass": coarse.tolist()}
    names = {
        "fine_label_names": [f"f{n}" for n in range(100)],
        "coarse_label_names": [f"c{n}" for n in range(20)],
    }
    members["cifar-100-python/meta"] = python2_pickle(names)
    return Made({"cifar-100-python.tar.gz": tar(members)}, expected)


def svhn(rng) -> Made:
    bodies, expected = {}, {}
    for split, labels in (("train", [10, 1, 9, 5]), ("test", [2, 10])):
        images = pixels(rng, len(labels))
        file = io.BytesIO()
        # MATLAB: height, width, colour, number; the digit 0 is the label 10.
        arrays = {"X": images.transpose(2, 3, 1, 0), "y": np.array(labels, dtype=np.uint8)[:, None]}
        scipy.io.savemat(file, arrays, do_compression=True)
        bodies[f"{split}_32x32.mat"] = file.getvalue()
        expected[split] = images, {"label": [label % 10 for label in labels]}
    return Made(bodies, expected)


def mnist(rng) -> Made:
    bodies, expected = {}, {}
    for split, stem, count in (("train", "train", 5), ("test", "t10k", 2)):
        images, labels = pixels(rng, count, 1, 28), rng.integers(10, size=count, dtype=np.uint8)
        header = struct.pack(">4B3I", 0, 0, 8, 3, count, 28, 28)
        bodies[f"{stem}-images-idx3-ubyte.gz"] = gzip.compress(header + images.tobytes())
        bodies[f"{stem}-labels-idx1-ubyte.gz"] = gzip.compress(
            struct.pack(">4BI", 0, 0, 8, 1, count) + labels.tobytes()
        )
        expected[split] = images, {"label": labels.tolist()}
    return Made(bodies, expected)


def dtd(rng) -> Made:
    """Nine photographs of two textures; the corner of each is its ramp's beginning."""
    names = {"train": ["dotted/dotted_0001.jpg", "banded/banded_0003.jpg"],
             "validation": ["banded/banded_0001.jpg"],
             "test": ["dotted/dotted_0002.jpg", "banded/banded_0002.jpg"]}  # fmt: skip
    order = sorted(name for part in names.values() for name in part)
    members, expected = {}, {}
    for index, name in enumerate(order):
        picture = ramps(300 + index, 310, 40 * index)
        members[f"dtd/images/{name}"] = encoded(picture, "JPEG")
    for split, part in names.items():
        text = "".join(f"{name}\n" for name in part)
        members[f"dtd/labels/{dict(train='train', validation='val', test='test')[split]}1.txt"] = (
            text.encode()
        )
    for split, part in (*names.items(), ("all", order)):
        chosen = [name for name in order if name in part]
        corners = np.stack([ramps(32, 32, 40 * order.index(name)).transpose(2, 0, 1) for name in chosen])
        expected[split] = corners, {"label": [int(name.startswith("dotted")) for name in chosen]}
    return Made({"dtd-r1.0.1.tar.gz": tar(members)}, expected, tolerance=JPEG)


def scaled(left: int, top: int, wide: int, high: int, side: int, third: int) -> np.ndarray:
    """What a box of `ramps` becomes when scaled to `side`, apart from its edge: linear functions stay linear
    under any filter that is symmetric and averages, so that this is known in closed form."""
    grid = np.arange(side) + 0.5
    image = np.empty((3, side, side))
    image[0] = left + grid * wide / side - 0.5
    image[1] = (top + grid * high / side - 0.5)[:, None]
    image[2] = third
    return image


def celeba(rng) -> Made:
    parts = ["0", "0", "0", "1", "2"]
    names = [f"{number:06}.jpg" for number in range(1, 6)]
    table = rng.choice([-1, 1], (5, len(CELEBA_NAMES)))
    pictures = {
        f"img_align_celeba/{name}": encoded(ramps(178, 218, 50 * i), "JPEG") for i, name in enumerate(names)
    }
    lines = [
        f"{name}  {' '.join(f'{value:2}' for value in row)}" for name, row in zip(names, table, strict=True)
    ]
    text = "\n".join([str(len(names)), " ".join(CELEBA_NAMES), *lines]) + "\n"
    partition = "".join(f"{name} {part}\n" for name, part in zip(names, parts, strict=True))
    expected = {}
    for split, part in (("train", "0"), ("validation", "1"), ("test", "2")):
        chosen = [i for i in range(5) if parts[i] == part]
        images = np.stack([scaled(19, 39, 140, 140, 32, 50 * i) for i in chosen])
        expected[split] = images, celeba_labels(table[chosen])
    bodies = {"img_align_celeba.zip": zipped(pictures), "list_attr_celeba.txt": text.encode(),
              "list_eval_partition.txt": partition.encode()}  # fmt: skip
    return Made(bodies, expected, tolerance=JPEG)


def celeba_labels(table: np.ndarray) -> dict[str, list[int]]:
    """Labels of rows of -1 and 1, by the names that the project gives the attributes."""
    ours = ["five_o_clock_shadow", "male", "smiling", "young"]
    return {name: (table[:, column] > 0).astype(int).tolist() for column, name in enumerate(ours)}


def celeba_hq(rng) -> Made:
    # Originals in CelebA: training, validation, test, test; numbers sort as numbers, not as text.
    originals = {2: 162_770, 10: 162_771, 0: 182_638, 1: 1}
    order = sorted(originals)
    table = {number: rng.choice([-1, 1], len(CELEBA_NAMES)) for number in order}
    pictures = {number: ramps(256, 256, 20 * number) for number in (10, 2, 0, 1)}
    expected = {}
    for split, chosen in (("all", order), ("train", [1, 2]), ("validation", [10]), ("test", [0])):
        images = np.stack([scaled(0, 0, 256, 256, 64, 20 * number) for number in chosen])
        expected[split] = images, celeba_labels(np.stack([table[number] for number in chosen]))
    return Made({"CelebAMask-HQ.zip": celeba_hq_file(originals, table, pictures)}, expected, tolerance=JPEG)


def celeba_hq_file(originals: dict, table: dict, pictures: dict) -> bytes:
    """CelebAMask-HQ.zip of `pictures` (height, width, 3) by number, in their order. By number as well:
    `originals`, which picture of CelebA each is, from 1 on, and the row of -1 and 1 of its attributes."""
    order, root = sorted(originals), "CelebAMask-HQ/"
    members = {f"{root}CelebAMask-HQ-mask-anno/0/00000_hair.png": encoded(ramps(8, 8, 0), "PNG")}
    for number, picture in pictures.items():
        members[f"{root}CelebA-HQ-img/{number}.jpg"] = encoded(picture, "JPEG")
    lines = [f"{number}.jpg  {' '.join(map(str, table[number]))}" for number in order]
    members[f"{root}CelebAMask-HQ-attribute-anno.txt"] = "\n".join(
        [str(len(order)), " ".join(CELEBA_NAMES), *lines]
    ).encode()
    rows = [f"{n:<10}{originals[n] - 1:<10}{originals[n]:06}.jpg" for n in order]
    members[f"{root}CelebA-HQ-to-CelebA-mapping.txt"] = "\n".join(["idx orig_idx orig_file", *rows]).encode()
    return zipped(members)


def imagenet32(rng) -> Made:
    bodies, expected = {}, {}
    for split, stem, batches in (("train", "train_data_batch_", 10), ("validation", "val_data", 1)):
        members, kept, labels = {}, [], []
        for number in range(1, batches + 1):
            images, classes = pixels(rng, 2), rng.integers(1, 1001, size=2)
            file = io.BytesIO()
            np.savez(file, data=images.reshape(-1, 3072), labels=classes, mean=images.mean(0).ravel())
            members[f"{stem}{number if batches > 1 else ''}.npz"] = file.getvalue()
            kept.append(images)
            labels += (classes - 1).tolist()
        bodies[f"Imagenet32_{split[:5] if batches > 1 else 'val'}_npz.zip"] = zipped(members)
        expected[split] = np.concatenate(kept), {"label": labels}
    return Made(bodies, expected)


def imagenet32_2016(rng) -> Made:
    bodies, expected = {}, {}
    for split, stem, count in (("train", "train", 4), ("validation", "valid", 2)):
        images = pixels(rng, count)
        names = [f"{stem}_32x32/{name:07}.png" for name in rng.permutation(count)]
        pairs = zip(names, images, strict=True)
        members = {name: encoded(image.transpose(1, 2, 0), "PNG") for name, image in pairs}
        bodies[f"{stem}_32x32.tar"] = tar(members, "w")
        expected[split] = images, {}
    return Made(bodies, expected)


def lsun_bedroom(rng) -> Made:
    bodies, expected = {}, {}
    for split, stem, count in (("train", "train", 4), ("validation", "val", 2)):
        keys = [bytes(rng.bytes(20).hex(), "ascii") for _ in range(count)]
        order = sorted(range(count), key=lambda i: keys[i])
        values = {key: encoded(ramps(192, 128, 60 * i), "WEBP") for i, key in enumerate(keys)}
        files = {f"bedroom_{stem}_lmdb/{name}": data for name, data in database(values).items()}
        bodies[f"bedroom_{stem}_lmdb.zip"] = zipped(files)
        expected[split] = np.stack([scaled(0, 0, 192, 128, 64, 60 * i) for i in order]), {}
    return Made(bodies, expected, tolerance=1)


MAKERS = {
    "cifar10": cifar10, "cifar100": cifar100, "svhn": svhn, "dtd": dtd, "mnist": mnist, "celeba": celeba,
    "celeba_hq": celeba_hq, "imagenet32": imagenet32, "imagenet32_2016": imagenet32_2016,
    "lsun_bedroom": lsun_bedroom,
}  # fmt: skip


def make(name: str) -> Made:
    """The set called `name`, always the same."""
    return MAKERS[name](np.random.default_rng(list(name.encode())))
