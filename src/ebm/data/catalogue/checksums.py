"""Whether a file is the one that the catalogue names."""

import hashlib
from pathlib import Path

from ebm.params.catalogue import SourceFile


def matching(path: Path, file: SourceFile) -> str | None:
    """The first checksum of `file` that the bytes at `path` have, None if they have none of them."""
    for checksum in file.checksums:
        algorithm, digest = checksum.split(":")
        if digest_of(path, algorithm) == digest:
            return checksum
    return None


def digest_of(path: Path, algorithm: str = "sha256") -> str:
    """Hexadecimal digest of a file, read in pieces."""
    # MD5 tells a damaged download from a whole one; nobody forges these sets.
    with open(path, "rb") as opened:
        return hashlib.file_digest(opened, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()
