"""Whether a file is the one that the catalogue names."""

import hashlib
from pathlib import Path

from ebmrepro.params.catalogue import SourceFile


def matching(path: Path, file: SourceFile) -> str | None:
    """The first checksum of `file` that the bytes at `path` have, None if they have none of them."""
    for checksum in file.checksums:
        algorithm, digest = checksum.split(":")
        if digest_of(path, algorithm) == digest:
            return checksum
    return None


def digest_of(path: Path, algorithm: str = "sha256") -> str:
    """Hexadecimal digest of a file, read in pieces; of a folder that of its files' names and digests."""
    # MD5 tells a damaged download from a whole one; nobody forges these sets.
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file())
        lines = (f"{file.relative_to(path).as_posix()} {digest_of(file, algorithm)}\n" for file in files)
        digest = hashlib.new(algorithm, usedforsecurity=False)
        for line in lines:
            digest.update(line.encode("utf-8", "surrogateescape"))
        return digest.hexdigest()
    with open(path, "rb") as opened:
        return hashlib.file_digest(opened, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()
