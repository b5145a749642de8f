"""The sets of the paper's preset in their true formats, with as many images as its metrics need.

FID needs more images than Inception has features, classifiers need both values of an attribute on either
side; the sets that need no more than a few images are those of catalogue_archives.
"""

import io

import numpy as np
from catalogue_archives import make
from catalogue_formats import encoded, python2_pickle, tar, zipped

from ebmrepro.evaluation.inception.features import POOL
from ebmrepro.params.catalogue import Entry, load_catalogue

# One more than Inception has features, the fewest that a FID can be measured of.
ENOUGH = POOL + 1
SMALL = ("svhn", "dtd", "cifar100", "lsun_bedroom")
# Where CelebA's parts begin: training, validation, test (list_eval_partition.txt of its publisher).
FIRST = {"train": 1, "validation": 162_771, "test": 182_638}


def all_archives() -> dict[str, tuple[dict[str, bytes], dict[str, int]]]:
    """By name of the set: bodies by file name, and the number of images of each split."""
    rng = np.random.default_rng(0)
    entries = load_catalogue()
    made = {name: make(name) for name in SMALL}
    found = {name: (one.bodies, one.counts) for name, one in made.items()}
    found["cifar10"] = _cifar10(rng, entries["cifar10"])
    found["imagenet32"] = _imagenet32(rng)
    found["celeba"] = _celeba(rng, entries["celeba"])
    found["celeba_hq"] = _celeba_hq(rng, entries["celeba_hq"])
    return found


def _images(rng: np.random.Generator, count: int, side: int = 32) -> np.ndarray:
    """Smooth random colours and noise upon them, (count, 3, side, side) uint8."""
    coarse = rng.normal(128, 60, (count, 3, 4, 4)).repeat(side // 4, 2).repeat(side // 4, 3)
    return (coarse + rng.normal(0, 20, coarse.shape)).clip(0, 255).astype(np.uint8)


def _cifar10(rng, entry: Entry) -> tuple[dict, dict]:
    # Five batches of training images, together just enough.
    sizes = {f"data_batch_{number}": -(-ENOUGH // 5) for number in range(1, 6)} | {"test_batch": ENOUGH}
    root, members = "cifar-10-batches-py/", {}
    for name, count in sizes.items():
        batch = {"batch_label": name, "labels": rng.integers(10, size=count).tolist(),
                 "data": _images(rng, count).reshape(count, -1), "filenames": ["a.png"] * count}  # fmt: skip
        members[f"{root}{name}"] = python2_pickle(batch)
    names = {"label_names": list(entry.attributes["label"]), "num_vis": 3072}
    members[f"{root}batches.meta"] = python2_pickle(names)
    counts = {"train": sum(sizes.values()) - ENOUGH, "test": ENOUGH}
    return {"cifar-10-python.tar.gz": tar(members)}, counts


def _imagenet32(rng) -> tuple[dict, dict]:
    each = -(-ENOUGH // 10)
    batches = {
        "train": [f"train_data_batch_{number}.npz" for number in range(1, 11)],
        "val": ["val_data.npz"],
    }
    bodies = {}
    for split, names in batches.items():
        members = {}
        for name in names:
            count = each if split == "train" else ENOUGH
            images, file = _images(rng, count).reshape(count, -1), io.BytesIO()
            np.savez(file, data=images, labels=rng.integers(1, 1001, size=count), mean=images.mean(0))
            members[name] = file.getvalue()
        bodies[f"Imagenet32_{split}_npz.zip"] = zipped(members)
    return bodies, {"train": 10 * each, "validation": ENOUGH}


def _table(rng, names: list[str], entry: Entry) -> bytes:
    """The publisher's table of attributes: every other image has one, and those between have not."""
    titles = [
        "5_o_Clock_Shadow" if name == "five_o_clock_shadow" else name.title() for name in entry.attributes
    ]
    first = rng.choice([-1, 1], len(titles))
    rows = [f"{name} {' '.join(map(str, first * (-1) ** i))}" for i, name in enumerate(names)]
    return ("\n".join([str(len(names)), " ".join(titles), *rows]) + "\n").encode()


def _face(rng, side: tuple[int, int]) -> bytes:
    width, height = side
    return encoded(np.resize(_images(rng, 1, 64)[0].transpose(1, 2, 0), (height, width, 3)), "JPEG")


def _celeba(rng, entry: Entry, of_each: int = 4) -> tuple[dict, dict]:
    parts = [part for part in "012" for _ in range(of_each)]
    names = [f"{number:06}.jpg" for number in range(1, len(parts) + 1)]
    pictures = {f"img_align_celeba/{name}": _face(rng, (178, 218)) for name in names}
    partition = "".join(f"{name} {part}\n" for name, part in zip(names, parts, strict=True))
    bodies = {"img_align_celeba.zip": zipped(pictures), "list_attr_celeba.txt": _table(rng, names, entry),
              "list_eval_partition.txt": partition.encode()}  # fmt: skip
    return bodies, dict.fromkeys(FIRST, of_each)


def _celeba_hq(rng, entry: Entry, of_each: int = 8) -> tuple[dict, dict]:
    originals = [first + step for first in FIRST.values() for step in range(of_each)]
    root, names = "CelebAMask-HQ/", [f"{number}.jpg" for number in range(len(originals))]
    members = {f"{root}CelebA-HQ-img/{name}": _face(rng, (256, 256)) for name in names}
    members[f"{root}CelebAMask-HQ-attribute-anno.txt"] = _table(rng, names, entry)
    rows = [f"{n:<10}{original - 1:<10}{original:06}.jpg" for n, original in enumerate(originals)]
    mapping = "\n".join(["idx orig_idx orig_file", *rows])
    members[f"{root}CelebA-HQ-to-CelebA-mapping.txt"] = mapping.encode()
    return {"CelebAMask-HQ.zip": zipped(members)}, dict.fromkeys(FIRST, of_each) | {"all": len(originals)}
