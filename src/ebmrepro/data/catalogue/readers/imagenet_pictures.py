"""ImageNet 32 x 32 of van den Oord et al. 2016: a tar of PNGs without labels. Order: that of the archive."""

from collections.abc import Iterator
from pathlib import Path

from ebmrepro.data.catalogue.archives import tar_members
from ebmrepro.data.catalogue.content import Content, Item


def read(paths: list[Path], split: str) -> Content:
    """No labels."""
    (path,) = paths

    def items() -> Iterator[Item]:
        for name, data in tar_members(path):
            if name.lower().endswith(".png"):
                yield name, data, {}

    return Content(None, {}, items)
