"""Published sets: fetched, verified, and read image by image in a stated order."""

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path

import numpy as np

from ebmrepro.data.catalogue.fetch import Fetched, digest_of, fetch
from ebmrepro.data.catalogue.pictures import CorruptImage, decode
from ebmrepro.data.prepared import Prepared, Stream
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.datasets.catalogue import CatalogueData

PARTS = ("train", "test")
# So many corrupt images and the run stops at once: the rest will hardly be better.
HOPELESS = 10


class Images(Stream):
    """Pixels, uint8 (channels, size, size), and labels of the images of a split, or of so many drawn from it.

    The order is that of the publisher: batch by batch, by the list of names, or by LMDB key, as each module
    of `readers` says. An iteration raises WorkspaceError if a file is damaged, if the images are not as many,
    or labelled otherwise, than the catalogue says, or, with `corrupt: stop`, if some could not be decoded;
    with `skip` these are missing.
    """

    def __init__(self, config: CatalogueData, part: str, fetched: Mapping[str, Fetched]):
        """`fetched`, by the catalogue's names of files, may be filled later, before the first iteration."""
        super().__init__()
        self.split, limit = getattr(config, part), getattr(config, f"{part}_limit")
        self._config, self._entry, self._fetched = config, config.published, fetched
        self.count, self._drawn = self._entry.counts[self.split], None
        if limit is not None:
            rng = np.random.default_rng([config.seed, 4, PARTS.index(part)])
            self._drawn = frozenset(rng.choice(self.count, limit, replace=False).tolist())

    def __len__(self) -> int:
        return self.count if self._drawn is None else len(self._drawn)

    def __iter__(self) -> Iterator[tuple[np.ndarray, Mapping[str, int]]]:
        self.corrupt = []
        reader = import_module(f"ebmrepro.data.catalogue.readers.{self._entry.reader}")
        paths = [self._fetched[file.name].path for file in self._entry.files_of((self.split,))]
        count, self.values, items = reader.read(self.split, *paths)
        self._check_count(count)
        self._check_attributes(self.values)
        return self._decoded(items)

    def _decoded(self, items: Iterable) -> Iterator[tuple[np.ndarray, Mapping[str, int]]]:
        size, channels = self._config.size, self._entry.channels
        preparation = self._entry.preparations.get(_preparation(self._config))
        stops, came, reason = self._config.corrupt == "stop", 0, ""
        for came, (name, raw, labels) in enumerate(items, 1):
            if self._drawn is not None and came - 1 not in self._drawn:
                continue
            try:
                pixels = decode(raw, size, channels, preparation) if isinstance(raw, bytes) else raw
            except CorruptImage as failure:
                self.corrupt.append(name)
                reason = reason or f"{name}: {failure}"
                if stops and len(self.corrupt) == HOPELESS:
                    break
                continue
            yield pixels, labels
        else:
            self._check_count(came)
        if self.corrupt and stops:
            raise WorkspaceError(
                f"{self._entry.name}: {len(self.corrupt)} of {came:,} images of the split {self.split} cannot"
                f" be decoded ({', '.join(self.corrupt)}; {reason}): get the files again, or say that corrupt"
                " images are to be skipped"
            )

    def _check_count(self, came: int | None) -> None:
        if came not in (None, self.count):
            raise WorkspaceError(
                f"{self._entry.name}: its split {self.split} has {came:,} images, the catalogue says"
                f" {self.count:,}: the files are incomplete or another edition, get them again"
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


def _preparation(config: CatalogueData) -> str | None:
    """How pictures become squares, by its name in the catalogue; None where the publisher's are squares."""
    return config.preparation or next(iter(config.published.preparations), None)


def prepare(config: CatalogueData) -> Prepared:
    """The splits of the set; its files are got by `fetch`, which raises WorkspaceError if that fails."""
    entry, fetched = config.published, {}
    parts = {name: Images(config, name, fetched) for name in PARTS}
    splits = {name: part.split for name, part in parts.items()}

    def facts() -> dict:
        preparation = _preparation(config)
        told = preparation and {"name": preparation, **entry.preparations[preparation].model_dump()}
        return {
            **{key: getattr(entry, key) for key in ("title", "variant", "page", "citation")},
            "source": config.catalogue or "the project's catalogue",
            "entry": config.entry,
            "preparation": told,
            "files": {
                name: {"checksum": known or f"sha256:{digest_of(path)}", "in_catalogue": known is not None}
                for name, (path, known) in fetched.items()
            },
            "splits": splits,
            "counts": {name: part.count for name, part in parts.items()},
            "corrupt": {name: part.corrupt for name, part in parts.items()},
            "attributes": {name: list(values) for name, values in parts["train"].values.items()},
        }

    folder = Path(config.folder)
    return Prepared(parts, fetch=lambda: fetched.update(fetch(entry, folder, splits.values())), facts=facts)
