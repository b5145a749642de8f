"""A split of a published set as a stream of 8-bit images with labels, in a stated order."""

from collections.abc import Collection, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from ebmrepro.data.catalogue.pictures import CorruptImage, decode
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.catalogue import Entry
from ebmrepro.params.words import nearest

# So many corrupt images and the run stops at once: the rest will hardly be better.
HOPELESS = 10


class Sample(NamedTuple):
    """An image: its name in the files, pixels uint8 (channels, size, size), labels by attribute."""

    name: str
    pixels: np.ndarray
    labels: dict[str, int]


class Images:
    """The images of a split, to be iterated over, each time anew from files, which are never whole in memory.

    `count` images are in the files; `attributes` are the names of the values of every label, in the order of
    their numbers. The order is that of the publisher: batch by batch, by the list of names, or by LMDB key,
    as each module of `readers` says. After an iteration `corrupt` lists the names of images that could not be
    decoded; with `corrupt="stop"` it ends in WorkspaceError if there are any, with "skip" they are missing.
    """

    def __init__(
        self,
        entry: Entry,
        paths: Mapping[str, Path],
        split: str,
        size: int,
        preparation: str | None = None,
        corrupt: Literal["stop", "skip"] = "stop",
        only: Collection[int] | None = None,
    ):
        """Images of `size` x `size` pixels of a split of `entry`, from the files that `fetch` gave.

        `preparation` names one of the entry's (None: its first). `only`: positions in the publisher's order,
        from 0, of the images asked for; the others are passed over without being decoded (None: all).
        Raises WorkspaceError if the entry has no such split, size or preparation, if a file is damaged, or if
        its images are not as many as the catalogue says.
        """
        files = entry.files_of((split,))
        if size not in entry.sizes:
            known = " or ".join(map(str, entry.sizes))
            raise WorkspaceError(f"{entry.name} is read with {known} pixels a side, not {size}")
        if preparation is not None and preparation not in entry.preparations:
            near = nearest(preparation, entry.preparations)
            raise WorkspaceError(f"{entry.name}: there is no preparation '{preparation}'{near}")
        self.entry, self.split, self.size = entry, split, size
        self.count = entry.counts[split]
        self.corrupt: list[str] = []
        self._only, self._stops = only, corrupt == "stop"
        name = preparation or next(iter(entry.preparations), None)
        self._preparation = None if name is None else entry.preparations[name]
        reader = import_module(f"ebmrepro.data.catalogue.readers.{entry.reader}")
        self._content = reader.read([paths[file.name] for file in files], split)
        self.attributes = dict(self._content.attributes)
        self._check_count(self._content.count)

    def __iter__(self) -> Iterator[Sample]:
        self.corrupt = []
        came, reason = 0, ""
        for name, raw, labels in self._content.items():
            came += 1
            if self._only is not None and came - 1 not in self._only:
                continue
            if isinstance(raw, bytes):
                try:
                    raw = decode(raw, self.size, self.entry.channels, self._preparation)
                except CorruptImage as failure:
                    self.corrupt.append(name)
                    reason = reason or f"{name}: {failure}"
                    if self._stops and len(self.corrupt) == HOPELESS:
                        self._stop(reason, came)
                    continue
            yield Sample(name, raw, labels)
        self._check_count(came)
        if self.corrupt and self._stops:
            self._stop(reason, came)

    def _stop(self, reason: str, came: int) -> None:
        raise WorkspaceError(
            f"{self.entry.name}: {len(self.corrupt)} of {came:,} images of the split {self.split} cannot be"
            f" decoded ({', '.join(self.corrupt)}; {reason}): get the files again, or say that corrupt images"
            " are to be skipped"
        )

    def _check_count(self, came: int | None) -> None:
        if came not in (None, self.count):
            raise WorkspaceError(
                f"{self.entry.name}: its split {self.split} has {came:,} images, the catalogue says"
                f" {self.count:,}: the files are incomplete or another edition, get them again"
            )
