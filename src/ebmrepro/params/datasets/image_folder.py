"""Settings of `kind: image_folder`."""

from typing import Annotated, Literal

from pydantic import Field

from ebmrepro.params.base import Count, Fraction, Index
from ebmrepro.params.datasets import ClassifierRuler, Dataset
from ebmrepro.params.inception import InceptionRuler


class ImageFolderData(Dataset):
    """Any folder with one sub-folder of JPEG or PNG files per class.

    `corrupt`: whether files that cannot be decoded end it, named and counted, or are left out. `inception`:
    what FID and its like are measured against, null if they are not.
    """

    form = "images"

    kind: Literal["image_folder"]
    source: str
    seed: Index
    size: Annotated[int, Field(ge=4, le=1024, strict=True)]
    channels: Literal[1, 3]
    limit: Count | None
    test_fraction: Fraction
    corrupt: Literal["stop", "skip"]
    classifier: ClassifierRuler
    inception: InceptionRuler | None

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """(channels, size, size)"""
        return (self.channels, self.size, self.size)

    @property
    def attributes(self) -> dict[str, tuple[str, ...] | None]:
        """The classes are the sub-folders."""
        return {"label": None}

    @property
    def references(self) -> frozenset[str]:
        """A classifier too."""
        return super().references | {"classifier"}
