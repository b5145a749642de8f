"""DTD: a tar.gz of JPEGs in dtd/images/<texture>/ and of lists of names in dtd/labels/.

Splits: train1.txt, val1.txt and test1.txt, the first of ten partitions; `all` is every image of the three.
Order: that of the archive.
"""

from pathlib import Path

from ebmrepro.data.catalogue.archives import tar_members
from ebmrepro.data.catalogue.readers import Content
from ebmrepro.files.workspace import WorkspaceError

LISTS = {"train": "train1.txt", "validation": "val1.txt", "test": "test1.txt"}
LABELS, IMAGES = "dtd/labels/", "dtd/images/"


def read(split: str, path: Path) -> Content:
    """Labels: `label`, the texture, numbered in alphabetical order of all three lists."""
    texts = dict(tar_members(path, [LABELS + name for name in LISTS.values()]))
    listed = {part: texts[LABELS + name].decode("utf-8").split() for part, name in LISTS.items()}
    everything = [name for names in listed.values() for name in names]
    if not all(name.count("/") == 1 for name in everything):
        raise WorkspaceError(f"{path}: its lists do not hold texture/file names: get it again")
    textures = tuple(sorted({name.split("/")[0] for name in everything}))
    names = everything if split == "all" else listed[split]
    found = (
        (member.removeprefix(IMAGES), data) for member, data in tar_members(path, [IMAGES + n for n in names])
    )
    items = ((name, data, {"label": textures.index(name.split("/")[0])}) for name, data in found)
    return Content(len(names), {"label": textures}, items)
