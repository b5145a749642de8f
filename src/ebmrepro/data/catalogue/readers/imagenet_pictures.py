"""ImageNet 32 x 32 of van den Oord et al. 2016: a tar of PNGs without labels. Order: that of the archive."""

from pathlib import Path

from ebmrepro.data.catalogue.archives import tar_members
from ebmrepro.data.catalogue.readers import Content


def read(split: str, path: Path) -> Content:
    """No labels."""
    items = ((name, data, {}) for name, data in tar_members(path) if name.lower().endswith(".png"))
    return Content(None, {}, items)
