"""A split of a published set as a stream of 8-bit images with labels, in a stated order."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Literal

import numpy as np

from ebmrepro.data.catalogue.pictures import CorruptImage, decode
from ebmrepro.data.prepared import Stream
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.catalogue import Entry

# So many corrupt images and the run stops at once: the rest will hardly be better.
HOPELESS = 10


class Images(Stream):
    """Pixels, uint8 (channels, size, size), and labels by attribute of the images of a split.

    The order is that of the publisher: batch by batch, by the list of names, or by LMDB key, as each module
    of `readers` says. With `corrupt="stop"` an iteration ends in WorkspaceError if images could not be
    decoded, with "skip" they are missing.
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
        """Images of `size` x `size` pixels of a split of `entry`, from the files that `fetch` gives: `paths`,
        by their catalogue names, may be filled later, before the first iteration.

        `preparation` names one of the entry's (None: its first). `only`: positions in the publisher's order,
        from 0, of the images asked for; the others are passed over without being decoded (None: all). An
        iteration raises WorkspaceError if a file is damaged, or if its images are not as many, or labelled
        otherwise, than the catalogue says.
        """
        super().__init__()
        self.preparation = preparation or next(iter(entry.preparations), None)
        self._entry, self._paths, self._split, self._size = entry, paths, split, size
        self._stops, self._only = corrupt == "stop", only

    def __len__(self) -> int:
        return self._entry.counts[self._split] if self._only is None else len(self._only)

    def __iter__(self) -> Iterator[tuple[np.ndarray, Mapping[str, int]]]:
        self.corrupt = []
        reader = import_module(f"ebmrepro.data.catalogue.readers.{self._entry.reader}")
        files = self._entry.files_of((self._split,))
        content = reader.read(self._split, *(self._paths[file.name] for file in files))
        self._check_count(content.count)
        self._check_attributes(content.attributes)
        self.values = content.attributes
        return self._decoded(content.items)

    def _decoded(self, items: Iterable) -> Iterator[tuple[np.ndarray, Mapping[str, int]]]:
        entry, came, reason = self._entry, 0, ""
        for came, (name, raw, labels) in enumerate(items, 1):
            if self._only is not None and came - 1 not in self._only:
                continue
            if isinstance(raw, bytes):
                try:
                    raw = decode(raw, self._size, entry.channels, entry.preparations.get(self.preparation))
                except CorruptImage as failure:
                    self.corrupt.append(name)
                    reason = reason or f"{name}: {failure}"
                    if self._stops and len(self.corrupt) == HOPELESS:
                        self._stop(reason, came)
                    continue
            yield raw, labels
        self._check_count(came)
        if self.corrupt and self._stops:
            self._stop(reason, came)

    def _stop(self, reason: str, came: int) -> None:
        raise WorkspaceError(
            f"{self._entry.name}: {len(self.corrupt)} of {came:,} images of the split {self._split} cannot be"
            f" decoded ({', '.join(self.corrupt)}; {reason}): get the files again, or say that corrupt images"
            " are to be skipped"
        )

    def _check_count(self, came: int | None) -> None:
        told = self._entry.counts[self._split]
        if came not in (None, told):
            raise WorkspaceError(
                f"{self._entry.name}: its split {self._split} has {came:,} images, the catalogue says"
                f" {told:,}: the files are incomplete or another edition, get them again"
            )

    def _check_attributes(self, found: Mapping[str, tuple[str, ...]]) -> None:
        """WorkspaceError unless the files label the images as the catalogue says: its numbers decide."""
        name, told = self._entry.name, self._entry.attributes
        if found.keys() != told.keys():
            raise WorkspaceError(
                f"{name}: its files label the images with {_few(found)}, the catalogue says {_few(told)}:"
                " correct its attributes there or get the files again"
            )
        for attribute, values in told.items():
            if values is not None and values != found[attribute]:
                raise WorkspaceError(
                    f"{name}: the values of {attribute} are {_few(found[attribute])} in its files, the"
                    f" catalogue says {_few(values)}: correct its attributes there or get the files again"
                )


def _few(names: Iterable[str]) -> str:
    """Names in a sentence, not all of a thousand."""
    names = list(names)
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "") or "nothing"
