"""The files of a crate, each described once."""

import mimetypes
from pathlib import Path

from rocrate.model.contextentity import ContextEntity
from rocrate.rocrate import ROCrate

from ebmrepro.files.workspace import file_sha256
from ebmrepro.flow.jobs import Job

# What Python's table of media types does not know.
FORMATS = {".safetensors": "application/octet-stream", ".md": "text/markdown", ".tex": "text/x-tex"}
TENSORS = ".safetensors"


def compact(entities: list):
    """One entity stands for itself: JSON-LD has no list of one."""
    return entities[0] if len(entities) == 1 else entities


class Files:
    """What the jobs made, by path; `files[path]` is the crate's entity of it."""

    def __init__(self, crate: ROCrate, jobs: list[tuple[Job, dict]], tensors: bool):
        self._crate = crate
        self._made = {}
        for _, record in jobs:
            for path, sha256 in record["outputs"].items():
                left_out = Path(path).suffix == TENSORS and not tensors
                self._made[path] = self.named(path, sha256) if left_out else self.plain(path, sha256)

    def __getitem__(self, path: str):
        return self._made[path]

    def below(self, path: str) -> list:
        """What jobs made at `path` or, if that is a folder, in it."""
        return [self._made[made] for made in self._made if made == path or made.startswith(f"{path}/")]

    def plain(self, path: str, sha256: str | None = None, types: list[str] | str = "File"):
        """A file that goes into the crate."""
        known = self._crate.get(path)
        if known is not None:
            return known
        kind = FORMATS.get(Path(path).suffix) or mimetypes.guess_type(path)[0] or "text/plain"
        return self._crate.add_file(
            path,
            dest_path=path,
            properties={
                "@type": types,
                "name": path,
                "encodingFormat": kind,
                "contentSize": str(Path(path).stat().st_size),
                "sha256": sha256 or file_sha256(Path(path)),
            },
        )

    def named(self, path: str, sha256: str):
        """Something that stays out of the crate: its name and the SHA-256 that tells it from another."""
        known = self._crate.get(f"#{path}")
        if known is not None:
            return known
        properties = {"@type": "CreativeWork", "name": path, "sha256": sha256}
        return self._crate.add(ContextEntity(self._crate, f"#{path}", properties))
