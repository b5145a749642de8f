"""What is known of each published image set: a catalogue file as typed data."""

import pkgutil
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.base import Count, Name, Section, no_such

OWN = Path(__file__).parents[1] / "data/catalogue/catalogue.yaml"
# The algorithm and the digest; a mirror's or a publisher's MD5 stands where nobody published a SHA-256.
Checksum = Annotated[str, Field(pattern=r"^(sha256:[0-9a-f]{64}|md5:[0-9a-f]{32})$")]
Address = Annotated[str, Field(pattern=r"^https?://\S+$")]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Bytes = Annotated[int, Field(ge=1, strict=True)]
Sentence = Annotated[str, Field(min_length=10)]
# The formats that a module of this room reads: found, not imported.
Reader = Literal[tuple(sorted(module.name for module in pkgutil.iter_modules([str(OWN.parent / "readers")])))]


class SourceFile(Section):
    """A file of a set, as its publisher serves it.

    `splits` need it. `urls`: the publisher's first, then mirrors, in the order in which they are tried.
    Any of `checksums` admits the file (some publishers packed the same members twice); `checksum_source` says
    where they were read, or that none was found. `size` in bytes, null if not known. `instead` names a
    file or folder that is accepted in this one's place without a checksum.
    """

    name: FileName
    splits: tuple[Name, ...] = Field(min_length=1)
    urls: tuple[Address, ...]
    checksums: tuple[Checksum, ...]
    checksum_source: Sentence
    size: Bytes | None
    instead: FileName | None = None

    @model_validator(mode="after")
    def _what_is_downloaded_can_be_checked(self):
        lacks = f"{self.name} has addresses but no"
        if self.urls and not self.checksums:
            raise ValueError(f"{lacks} checksum: nothing is downloaded unchecked")
        if self.urls and self.size is None:
            raise ValueError(f"{lacks} size: free space is checked before a download")
        return self


class Preparation(Section):
    """How an image of any size becomes a square one. `source` says who does it so.

    `crop`: `whole` (the sides are scaled unequally), `square` (the largest centred one), `centre_140` (the
    centred 140 x 140 pixels) or `top_left` (the corner of the size asked for, not scaled). `resample` is
    Pillow's filter for the scaling, null if nothing is scaled.
    """

    crop: Literal["whole", "square", "centre_140", "top_left"]
    resample: Literal["bilinear", "box", "lanczos"] | None
    source: Sentence

    @model_validator(mode="after")
    def _a_filter_where_something_is_scaled(self):
        if (self.resample is None) != (self.crop == "top_left"):
            raise ValueError(f"crop {self.crop} and resample {self.resample} do not belong together")
        return self


class Entry(Section):
    """A published image set.

    `access`: `open` sets are downloaded, the others are placed by hand, as `how_to_get` says, by someone who
    accepted the terms. `sizes` in pixels are the sides that images can be read with; `counts` are the images
    of each split. `preparations`, the usual one first, are empty where the publisher's images are square.
    `attributes` label the images, each with the names of its values in the order of their numbers; null where
    only the files name them.
    """

    name: Name
    title: str
    variant: Sentence
    access: Literal["open", "login", "person"]
    how_to_get: Sentence | None = None
    page: Address
    licence: Sentence
    citation: Sentence
    reader: Reader
    channels: Literal[1, 3]
    sizes: tuple[Count, ...] = Field(min_length=1)
    counts: dict[Name, Count] = Field(min_length=1)
    preparations: dict[Name, Preparation] = Field(default_factory=dict)
    attributes: dict[Name, tuple[str, ...] | None] = Field(default_factory=dict)
    files: tuple[SourceFile, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_complete(self):
        is_open = self.access == "open"
        if is_open != (self.how_to_get is None):
            raise ValueError(f"{self.name}: how_to_get is for sets that are not open, and only for them")
        for file in self.files:
            if is_open != bool(file.urls):
                what = "files of open sets, and only they, have addresses"
                raise ValueError(f"{self.name}: {what} ({file.name})")
            if unknown := set(file.splits) - set(self.counts):
                raise ValueError(f"{self.name}: {file.name} is of unknown splits {sorted(unknown)}")
        return self

    @cached_property
    def acceptance(self) -> tuple[str, str]:
        """The file and the line in it by which a person accepts the terms of a set that is not open."""
        return f"{self.name}.accepted.txt", f"I accept the terms of {self.title} at {self.page}"

    def files_of(self, splits: tuple[str, ...] | None = None) -> tuple[SourceFile, ...]:
        """The files that `splits` need, of all splits if None; WorkspaceError if there is no such split."""
        for split in splits or ():
            if split not in self.counts:
                raise WorkspaceError(f"{self.name}: {no_such('split', split, self.counts)}")
        return tuple(f for f in self.files if splits is None or set(splits) & set(f.splits))


@cache
def load_catalogue(path: Path | str | None = None) -> dict[str, Entry]:
    """The entries by name: the project's own, or those of another file of the same form.

    Raises WorkspaceError if `path` cannot be read or is no catalogue.
    """
    source = OWN if path is None else Path(path)
    try:
        content = YAML(typ="safe", pure=True).load(source.read_text(encoding="utf-8"))
        return {name: Entry(name=name, **fields) for name, fields in content.items()}
    except ValidationError as failure:
        first = failure.errors()[0]
        raise WorkspaceError(f"{source}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except (OSError, UnicodeDecodeError, YAMLError, AttributeError, TypeError) as failure:
        reason = str(failure).splitlines()[0]
        raise WorkspaceError(f"{source} cannot be read as a catalogue: {reason}") from None


def find_entry(name: str, path: Path | str | None = None) -> Entry:
    """The entry called `name` of a catalogue; WorkspaceError with the nearest name if there is none."""
    catalogue = load_catalogue(path)
    if name not in catalogue:
        raise WorkspaceError(f"catalogue: {no_such('data set', name, catalogue)}")
    return catalogue[name]
