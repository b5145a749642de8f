from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.base import Corrupt, Limit, Name, Seed, Side, about, no_such
from ebmrepro.params.catalogue import Entry, find_entry, load_catalogue
from ebmrepro.params.datasets import AttributeClassifiers, Dataset
from ebmrepro.params.inception import InceptionFeatures


class CatalogueData(Dataset, form="images", large=True):
    """A published set of the catalogue, downloaded into `folder` or placed there."""

    implementation = "ebmrepro.data.catalogue.published"

    catalogue: str | None = about("A file in the place of the project's catalogue.", "own.yaml", default=None)
    seed: Seed
    entry: Name = about("The set's name in the catalogue.", "cifar10")
    folder: str = about("Where its files lie.", "data/cifar10")
    size: Side
    preparation: Name | None = about("How a picture becomes square; null for the usual way.", "reference")
    corrupt: Corrupt
    train: Name = about("The split that is trained on.", "train")
    test: Name = about("The split that is tested on.", "test")
    train_limit: Limit
    test_limit: Limit
    classifier: AttributeClassifiers | None = about("What learns attributes from training images, or null.")
    inception: InceptionFeatures | None = about("What FID and its like are measured against, or null.")

    @property
    def published(self) -> Entry:
        """What the catalogue says of it. Raises WorkspaceError if it says nothing."""
        return find_entry(self.entry, self.catalogue)

    @property
    def licence(self) -> str:
        return self.published.licence

    @property
    def sample_shape(self) -> tuple[int, ...]:
        return (self.published.channels, self.size, self.size)

    @property
    def attributes(self) -> dict[str, tuple[str, ...] | None]:
        return self.published.attributes

    def outside(self) -> dict:
        return {"published": self.published.model_dump(mode="json")}

    @property
    def judged(self) -> tuple[str, ...]:
        return tuple(self.classifier.attributes) if self.classifier else ()

    def problems(self, folders):
        try:
            catalogue = load_catalogue(self.catalogue)
        except WorkspaceError as failure:
            yield ("catalogue",), str(failure)
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
            elif limit is not None and limit > (count := entry.counts[split]):
                reason = f"split '{split}' of {entry.title} has {count:,} images, not {limit:,}"
                yield (f"{part}_limit",), reason
        for place, attribute in enumerate(self.judged):
            if attribute not in entry.attributes:
                where = "classifier", "attributes", place
                yield where, no_such("attribute", attribute, entry.attributes)

    def modules(self) -> list[str]:
        return [*super().modules(), f"ebmrepro.data.catalogue.readers.{self.published.reader}"]

    def describe(self, name: str) -> str:
        entry = self.published
        images = self.train_limit or entry.counts[self.train]
        return f"{entry.title}, {self.size}×{self.size}, {images:,} images"
