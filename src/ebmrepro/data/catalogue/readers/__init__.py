"""One module per true format: what a split holds, without decoding an image before it is asked for."""

from collections.abc import Callable
from pathlib import Path

from ebmrepro.data.catalogue.readers import (
    celeba,
    celeba_hq,
    cifar,
    dtd,
    idx,
    imagenet_batches,
    imagenet_pictures,
    lsun,
    svhn,
)
from ebmrepro.data.catalogue.readers.content import Content

__all__ = ["READERS", "Content"]

# The files of a split in the catalogue's order, and the split's name.
READERS: dict[str, Callable[[list[Path], str], Content]] = {
    "cifar": cifar.read,
    "svhn": svhn.read,
    "idx": idx.read,
    "dtd": dtd.read,
    "celeba": celeba.read,
    "celeba_hq": celeba_hq.read,
    "imagenet_batches": imagenet_batches.read,
    "imagenet_pictures": imagenet_pictures.read,
    "lsun": lsun.read,
}
