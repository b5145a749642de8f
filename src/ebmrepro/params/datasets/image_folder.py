"""Settings of `kind: image_folder`."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from ebmrepro.files.folder_contents import contents
from ebmrepro.params.base import Count, Name, about
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

    folder: Name = about("Its name in `folders`.", "images")
    seed: Seed
    size: Side
    channels: Literal[1, 3] = about("1 for grey images, 3 for RGB.", 3)
    limit: Count | None = about("So many images, drawn evenly over the classes; null for all.", 10000)
    test_fraction: TestFraction
    corrupt: Corrupt
    classifier: ClassifierRuler = about("What measures generated images.")
    inception: InceptionRuler | None = about("What FID and its like are measured against, or null.")

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

    def describe(self, name: str) -> str:
        """Its name and the form of its images."""
        return f"image folder {name}, {self.size}×{self.size} {'grey' if self.channels == 1 else 'RGB'}"
