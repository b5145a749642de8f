"""One module per true format: what a split holds, without decoding an image before it is asked for.

read(split, *paths) -> Content      of a split and its files, in the catalogue's order
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

# Name, pixels (uint8, channels x height x width) or an encoded image, labels by attribute.
Item = tuple[str, np.ndarray | bytes, dict[str, int]]
DIGITS = tuple("0123456789")


class Content(NamedTuple):
    """How many images there are (None where only reading tells), the values of each attribute in the order of
    their numbers, and the images."""

    count: int | None
    attributes: Mapping[str, tuple[str, ...]]
    items: Iterator[Item]


def numbered(name: str, images: np.ndarray, labels: Mapping[str, np.ndarray]) -> Iterator[Item]:
    """Images (n, C, H, W) and labels (n,) by attribute in memory, called by their place in `name`."""
    for index, image in enumerate(images):
        yield f"{name}[{index}]", image, {key: int(values[index]) for key, values in labels.items()}
