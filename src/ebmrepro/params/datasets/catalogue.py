"""Settings of `kind: catalogue`."""

from typing import Annotated, Literal

from pydantic import Field

from ebmrepro.params.base import Count, Name
from ebmrepro.params.catalogue import Entry, catalogue_at, find_entry
from ebmrepro.params.datasets import AttributeClassifiers, Corrupt, Dataset, Seed, Side
from ebmrepro.params.inception import InceptionRuler

Limit = Annotated[
    Count | None,
    Field(description="So many images of the split, drawn with the seed; null for all.", examples=[10000]),
]


class CatalogueData(Dataset):
    """A published set of the catalogue, downloaded into `folder` or placed there."""

    form = "images"
    large = True
    implementation = "ebmrepro.data.catalogue.published"

    kind: Literal["catalogue"]
    catalogue: Annotated[
        str | None,
        Field(description="A catalogue of one's own in the project's place.", examples=["own.yaml"]),
    ] = None
    seed: Seed
    entry: Annotated[Name, Field(description="The set's name in the catalogue.", examples=["cifar10"])]
    folder: Annotated[str, Field(description="Where its files lie.", examples=["data/cifar10"])]
    size: Side
    preparation: Annotated[
        Name | None,
        Field(
            description="Which of the entry's ways to make a picture square; null for its first.",
            examples=["reference"],
        ),
    ]
    corrupt: Corrupt
    train: Annotated[Name, Field(description="The split that is trained on.", examples=["train"])]
    test: Annotated[Name, Field(description="The split that is tested on.", examples=["test"])]
    train_limit: Limit
    test_limit: Limit
    classifier: Annotated[
        AttributeClassifiers | None,
        Field(description="What learns attributes from training images; null if nothing is judged by them."),
    ]
    inception: Annotated[
        InceptionRuler | None,
        Field(description="What FID and its like are measured against; null if nothing is."),
    ]

    @property
    def brought(self) -> list[str]:
        """The catalogue, if it is not the project's. What the set's own files are, that catalogue says."""
        return [] if self.catalogue is None else [self.catalogue]

    @property
    def published(self) -> Entry:
        """What the catalogue says of it. Raises WorkspaceError if it says nothing."""
        return find_entry(self.entry, catalogue_at(self.catalogue))

    @property
    def licence(self) -> str:
        """As the catalogue says."""
        return self.published.licence

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """(channels, size, size), the channels as the catalogue says"""
        return (self.published.channels, self.size, self.size)

    @property
    def attributes(self) -> dict[str, tuple[str, ...] | None]:
        """As the catalogue says."""
        return self.published.attributes

    def describe(self, name: str) -> str:
        """The publisher's name for it, and how many images are trained on."""
        entry = self.published
        images = self.train_limit or entry.counts[self.train]
        return f"{entry.title}, {self.size}×{self.size}, {images:,} images"
