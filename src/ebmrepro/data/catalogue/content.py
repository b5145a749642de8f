"""What every reader gives."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

# Name, pixels (uint8, channels x height x width) or an encoded image, labels by attribute.
Item = tuple[str, np.ndarray | bytes, dict[str, int]]


class Content(NamedTuple):
    """A split: how many images (None where only reading tells), the values of each attribute in the order of
    their numbers, and the images from the first on, each time it is called."""

    count: int | None
    attributes: Mapping[str, tuple[str, ...]]
    items: Callable[[], Iterator[Item]]
