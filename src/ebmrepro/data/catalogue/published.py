"""Published sets: fetched, verified, and read image by image."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from ebmrepro.data.catalogue.checksums import digest_of
from ebmrepro.data.catalogue.fetch import Fetched, fetch
from ebmrepro.data.catalogue.images import Images
from ebmrepro.data.prepared import Prepared
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.catalogue import Entry
from ebmrepro.params.datasets.catalogue import CatalogueData

PARTS = ("train", "test")


class Part:
    """Images of a split, or so many of them: uint8 (channels, size, size), and their numbers by attribute."""

    def __init__(self, config: CatalogueData, name: str, fetched: Mapping[str, Fetched]):
        """`fetched` may be filled later, before the first iteration."""
        self.split, self.limit = getattr(config, name), getattr(config, f"{name}_limit")
        self.corrupt: list[str] = []
        self.values: Mapping[str, tuple[str, ...]] = {}
        self._config, self._entry, self._name, self._fetched = config, config.published, name, fetched

    def __len__(self) -> int:
        return self._entry.counts[self.split] if self.limit is None else self.limit

    def __iter__(self) -> Iterator[tuple[np.ndarray, Mapping[str, int]]]:
        config, entry = self._config, self._entry
        paths = {name: found.path for name, found in self._fetched.items()}
        images = Images(
            entry, paths, self.split, config.size, config.preparation, config.corrupt, self._drawn()
        )
        _check_attributes(entry, images)
        self.values = images.attributes
        return self._read(images)

    def _read(self, images: Images) -> Iterator[tuple[np.ndarray, Mapping[str, int]]]:
        for sample in images:
            yield sample.pixels, sample.labels
        self.corrupt = images.corrupt

    def _drawn(self) -> frozenset[int] | None:
        """Positions within the split of the images of a part; None for all."""
        if self.limit is None:
            return None
        rng = np.random.default_rng([self._config.seed, 4, PARTS.index(self._name)])
        return frozenset(rng.choice(self._entry.counts[self.split], self.limit, replace=False).tolist())


def prepare(config: CatalogueData) -> Prepared:
    """The splits of the set; its files are got by `fetch`, which raises WorkspaceError if that fails."""
    entry, fetched = config.published, {}
    parts = {name: Part(config, name, fetched) for name in PARTS}
    splits = {name: part.split for name, part in parts.items()}

    def get() -> None:
        fetched.update(fetch(entry, Path(config.folder), splits.values()))

    def facts() -> dict:
        return {
            **{key: getattr(entry, key) for key in ("title", "variant", "page", "citation")},
            "source": config.catalogue or "the project's catalogue",
            "entry": config.entry,
            "preparation": _preparation(entry, config),
            "files": {name: _file(found) for name, found in fetched.items()},
            "splits": splits,
            "counts": {name: entry.counts[split] for name, split in splits.items()},
            "corrupt": {name: part.corrupt for name, part in parts.items()},
            "attributes": {name: list(values) for name, values in parts["train"].values.items()},
        }

    return Prepared(parts, fetch=get, facts=facts)


def _check_attributes(entry: Entry, images: Images) -> None:
    """WorkspaceError unless the files label the images as the catalogue says: its numbers decide results."""
    found, told = images.attributes, entry.attributes
    if found.keys() != told.keys():
        raise WorkspaceError(
            f"{entry.name}: its files label the images with {_few(found)}, the catalogue says {_few(told)}:"
            " correct its attributes there or get the files again"
        )
    for name, values in told.items():
        if values is not None and values != found[name]:
            raise WorkspaceError(
                f"{entry.name}: the values of {name} are {_few(found[name])} in its files, the catalogue says"
                f" {_few(values)}: correct its attributes there or get the files again"
            )


def _few(names) -> str:
    """Names in a sentence, not all of a thousand."""
    names = list(names)
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "") or "nothing"


def _preparation(entry: Entry, config: CatalogueData) -> dict | None:
    """How pictures became squares and who does it so; None where the publisher's are squares."""
    name = config.preparation or next(iter(entry.preparations), None)
    return None if name is None else {"name": name, **entry.preparations[name].model_dump()}


def _file(found: Fetched) -> dict:
    if found.checksum is not None:
        return {"checksum": found.checksum, "in_catalogue": True}
    return {"checksum": f"sha256:{digest_of(found.path)}", "in_catalogue": False}
