from typing import Literal

from ebmrepro.files.folder_contents import contents
from ebmrepro.params.base import Corrupt, Count, Name, Seed, Side, TestFraction, about, no_such
from ebmrepro.params.datasets import Dataset, ReferenceClassifier
from ebmrepro.params.inception import InceptionFeatures


class ImageFolderData(Dataset, form="images", large=True, attributes={"label": None}):
    """Any folder with one sub-folder of JPEG or PNG files per class."""

    licence = "the folder's own"

    folder: Name = about("Its name in `folders`.", "images")
    seed: Seed
    size: Side
    channels: Literal[1, 3] = about("1 for grey images, 3 for RGB.", 3)
    limit: Count | None = about("So many images, drawn evenly over the classes; null for all.", 10000)
    test_fraction: TestFraction
    corrupt: Corrupt
    classifier: ReferenceClassifier = about("What measures generated images.")
    inception: InceptionFeatures | None = about("What FID and its like are measured against, or null.")

    def problems(self, folders):
        if self.folder not in folders:
            yield ("folder",), no_such("folder", self.folder, folders, "folders")

    def located(self, folders):
        return self.model_copy(update={"folder": folders[self.folder]})

    def outside(self) -> dict:
        return {"contents": contents(self.folder)}

    @property
    def sample_shape(self) -> tuple[int, ...]:
        return (self.channels, self.size, self.size)

    def describe(self, name: str) -> str:
        return f"image folder {name}, {self.size}×{self.size} {'grey' if self.channels == 1 else 'RGB'}"
