"""The Inception weights as an explicit artifact: which file, where from, and whether it is the right one."""

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import Field
from ruamel.yaml import YAML

from ebmrepro.files.workspace import WorkspaceError, file_sha256
from ebmrepro.params.base import Count, Section
from ebmrepro.params.inception import InceptionFeatures, Mode, Sha256


class Weights(Section):
    """A weights file: name, where to get it, SHA-256, size in bytes if known, which modes read it."""

    file: Annotated[str, Field(pattern=r"^[\w.-]+$")]
    urls: Annotated[list[str], Field(min_length=1)]
    sha256: Sha256
    size: Count | None
    modes: Annotated[list[Mode], Field(min_length=1)]
    licence: str
    citation: str
    checked: str


@cache
def catalogue() -> dict[str, Weights]:
    """Every known weights file, by name."""
    text = files(__package__).joinpath("weights.yaml").read_text(encoding="utf-8")
    entries = YAML(typ="safe", pure=True).load(text)
    return {name: Weights.model_validate(entry) for name, entry in entries.items()}


def weights_of(mode: Mode) -> Weights:
    """The file that `mode` needs."""
    return next(entry for entry in catalogue().values() if mode in entry.modes)


def chosen_weights(config: InceptionFeatures, mode: Mode) -> Weights:
    """The published file of `mode`, or under its name the one that `config` names by a SHA-256."""
    entry = weights_of(mode)
    sha256 = config.sha256.get(mode, entry.sha256)
    if sha256 == entry.sha256:
        return entry
    # Nobody publishes it: there is no address to point to.
    return entry.model_copy(update={"sha256": sha256, "size": None, "urls": []})


def verified(entry: Weights, folder: Path) -> Path:
    """The file of `entry` in `folder`; WorkspaceError if it is missing or its size or SHA-256 is wrong."""
    path = folder / entry.file
    origin = " or ".join(entry.urls) or "whoever made it"
    described = "size unknown" if entry.size is None else f"{entry.size} bytes"
    get = f"from {origin} ({described}, SHA-256 {entry.sha256})"
    if not path.is_file():
        raise WorkspaceError(f"{path} is missing: get {entry.file} {get} and put it into {folder}")
    if entry.size is not None and (size := path.stat().st_size) != entry.size:
        wrong = f"has {size} bytes and should have {entry.size}"
    elif (found := file_sha256(path)) != entry.sha256:
        wrong = f"is another file, its SHA-256 is {found}"
    else:
        return path
    raise WorkspaceError(f"{path} {wrong}: delete it and get it again {get}")
