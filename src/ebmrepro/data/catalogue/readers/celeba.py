"""CelebA, aligned: a zip (or folder) of JPEGs, a table of 40 attributes, a table of parts (0 train, 1, 2).

Order: that of the table of parts.
"""

from pathlib import Path

from ebmrepro.data.catalogue.faces import attributes, faces, numbers, store
from ebmrepro.data.catalogue.readers import Content
from ebmrepro.files.workspace import WorkspaceError

PARTS = {"train": "0", "validation": "1", "test": "2"}


def read(split: str, archive: Path, table_path: Path, parts_path: Path) -> Content:
    """Labels: the 40 attributes, 0 (no) or 1 (yes)."""
    names, table = attributes(_text(table_path), table_path)
    parts = numbers(_text(parts_path), parts_path)
    chosen = [image for image, part in parts.items() if part == PARTS[split]]
    with store(archive) as files:
        for image in chosen:
            for where, path in ((table, table_path), (files, archive)):
                if image not in where:
                    raise WorkspaceError(f"{path} lacks {image}, which {parts_path.name} lists: get it again")
    return faces(archive, chosen, names, table)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failure:
        raise WorkspaceError(f"{path} cannot be read as text ({failure}): get it again") from None
