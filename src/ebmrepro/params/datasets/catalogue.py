"""Settings of `kind: catalogue`."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.base import Count, Index, Name
from ebmrepro.params.catalogue import Entry, catalogue_at, find_entry
from ebmrepro.params.datasets import AttributeClassifiers, Dataset
from ebmrepro.params.inception import InceptionRuler
from ebmrepro.params.words import no_such


class CatalogueData(Dataset):
    """A published set, `entry` of the catalogue file `source`, downloaded into `folder` or placed there.

    `size`: pixels a side. `preparation` names one of the entry's (null: its first): how a picture becomes a
    square. `train`, `test`: its splits; `train_limit`, `test_limit`: so many images of them, drawn with
    `seed`, null for all. `corrupt`: whether pictures that cannot be decoded end it, named and counted, or are
    left out. `classifier`: what learns attributes from the training images, null if nothing is judged by
    them. `inception`: what FID and its like are measured against, null if nothing is.
    """

    form = "images"

    kind: Literal["catalogue"]
    source: str
    seed: Index
    entry: Name
    folder: str
    size: Annotated[int, Field(ge=4, le=1024, strict=True)]
    preparation: Name | None
    corrupt: Literal["stop", "skip"]
    train: Name
    test: Name
    train_limit: Count | None
    test_limit: Count | None
    classifier: AttributeClassifiers | None
    inception: InceptionRuler | None

    @property
    def published(self) -> Entry:
        """What the catalogue says of it. Raises WorkspaceError if it says nothing."""
        return find_entry(self.entry, catalogue_at(self.source))

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """(channels, size, size), the channels as the catalogue says"""
        return (self.published.channels, self.size, self.size)

    @property
    def attributes(self) -> dict[str, tuple[str, ...] | None]:
        """As the catalogue says."""
        return self.published.attributes

    def outside(self) -> dict:
        """What the catalogue says of the set."""
        return {"published": self.published.model_dump(mode="json")}

    @property
    def judged(self) -> tuple[str, ...]:
        """Those that are asked for."""
        return tuple(self.classifier.attributes) if self.classifier else ()

    def problems(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Entries, splits, sizes, preparations and attributes that the catalogue does not have."""
        try:
            catalogue = catalogue_at(self.source)
        except WorkspaceError as failure:
            yield ("source",), str(failure)
            return
        if self.entry not in catalogue:
            yield ("entry",), no_such("data set", self.entry, catalogue)
            return
        entry = catalogue[self.entry]
        if self.size not in entry.sizes:
            known = " or ".join(map(str, entry.sizes))
            yield ("size",), f"{entry.title} is read with {known} pixels a side, not {self.size}"
        if self.preparation is not None and self.preparation not in entry.preparations:
            yield ("preparation",), no_such("preparation", self.preparation, entry.preparations)
        for part in ("train", "test"):
            split, limit = getattr(self, part), getattr(self, f"{part}_limit")
            if split not in entry.counts:
                yield (part,), no_such("split", split, entry.counts)
            elif limit is not None and limit > entry.counts[split]:
                yield (
                    (f"{part}_limit",),
                    f"split '{split}' of {entry.title} has {entry.counts[split]:,} images, not {limit:,}",
                )
        for place, attribute in enumerate(self.judged):
            if attribute not in entry.attributes:
                reason = no_such("attribute", attribute, entry.attributes)
                yield ("classifier", "attributes", place), reason
