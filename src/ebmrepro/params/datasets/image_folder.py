"""Settings of `kind: image_folder`."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ebmrepro.files.folder_contents import contents
from ebmrepro.params.base import Count, Name
from ebmrepro.params.data_fields import Corrupt, Seed, Side, TestFraction
from ebmrepro.params.datasets import ClassifierRuler, Dataset
from ebmrepro.params.inception import InceptionRuler


class ImageFolderData(Dataset):
    """Any folder with one sub-folder of JPEG or PNG files per class."""

    form = "images"
    licence = "the folder's own"
    # The classes are the sub-folders.
    attributes: ClassVar = {"label": None}
    large = True
    implementation = "ebmrepro.data.image_folder"

    folder: Annotated[Name, Field(description="Its name in `folders`.", examples=["images"])]
    seed: Seed
    size: Side
    channels: Annotated[Literal[1, 3], Field(description="1 for grey images, 3 for RGB.", examples=[3])]
    limit: Annotated[
        Count | None,
        Field(description="So many images, drawn evenly over the classes; null for all.", examples=[10000]),
    ]
    test_fraction: TestFraction
    corrupt: Corrupt
    classifier: Annotated[ClassifierRuler, Field(description="What measures generated images.")]
    inception: Annotated[
        InceptionRuler | None,
        Field(description="What FID and its like are measured against; null if they are not."),
    ]

    @property
    def folders(self) -> list[str]:
        """The one it names."""
        return [self.folder]

    def located(self, folders: Mapping[str, str]) -> "ImageFolderData":
        """With the path in the place of the name."""
        return self.model_copy(update={"folder": folders[self.folder]})

    def outside(self) -> dict:
        """The contents of the folder, of a located entry."""
        return {"contents": contents(self.folder)}

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """(channels, size, size)"""
        return (self.channels, self.size, self.size)

    @property
    def references(self) -> frozenset[str]:
        """A classifier too."""
        return super().references | {"classifier"}

    def describe(self, name: str) -> str:
        """Its name and the form of its images."""
        return f"image folder {name}, {self.size}×{self.size} {'grey' if self.channels == 1 else 'RGB'}"
