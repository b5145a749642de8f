"""CelebA-HQ as CelebAMask-HQ packs it: a zip (or folder) with CelebA-HQ-img/<number>.jpg, a table of
attributes, and a table that maps each number to the image of CelebA that it was made from.

Splits: `all`, and the parts of CelebA to which the originals belong. Order: by number.
"""

from pathlib import Path

from ebmrepro.data.catalogue.faces import attributes, faces, numbers, store
from ebmrepro.data.catalogue.readers import Content
from ebmrepro.files.workspace import WorkspaceError

TABLE, MAPPING = "CelebAMask-HQ-attribute-anno.txt", "CelebA-HQ-to-CelebA-mapping.txt"
# Numbers of CelebA's images, from 1, in each part.
PARTS = {
    "train": range(1, 162_771),
    "validation": range(162_771, 182_638),
    "test": range(182_638, 202_600),
    "all": range(1, 202_600),
}


def read(split: str, path: Path) -> Content:
    """Labels: the 40 attributes, 0 (no) or 1 (yes)."""
    with store(path) as files:
        texts = {}
        for name in (TABLE, MAPPING):
            if name not in files:
                raise WorkspaceError(f"{path} lacks {name}: move it away, then get it again")
            try:
                texts[name] = files[name]().decode("utf-8")
            except UnicodeDecodeError:
                raise WorkspaceError(f"{path}: {name} is no text: get it again") from None
        names, table = attributes(texts[TABLE], path / TABLE)
        # Columns: number in CelebA-HQ, index in CelebA from 0, name in CelebA.
        originals = numbers(texts[MAPPING], path / MAPPING, 2)
        try:
            numbered = sorted((int(number), int(Path(name).stem)) for number, name in originals.items())
        except ValueError:
            raise WorkspaceError(f"{path}: {MAPPING} holds no numbers of images: get it again") from None
        chosen = [f"{number}.jpg" for number, original in numbered if original in PARTS[split]]
        for image in chosen:
            if image not in files or image not in table:
                raise WorkspaceError(f"{path} lacks {image} or its attributes: get it again")
    return faces(path, chosen, names, table)
