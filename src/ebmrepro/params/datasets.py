"""`datasets`: what `ebm prepare` turns into tensors.

`source` is the file or folder a data set is made from; both runners watch it. The embedded sets
are made by a module of this package, so their source is that module.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ebmrepro.params.base import Count, Fraction, Index, Name, Probability, Section
from ebmrepro.params.catalogue import Entry, catalogue_at, find_entry
from ebmrepro.params.inception import InceptionRuler

MODULES = {
    "gaussian": "src/ebmrepro/data/gaussian.py",
    "density": "src/ebmrepro/data/densities.py",
    "digits": "src/ebmrepro/data/digits.py",
    "shapes": "src/ebmrepro/data/shapes.py",
    "bars_and_stripes": "src/ebmrepro/data/bars_and_stripes.py",
    "binary_digits": "src/ebmrepro/data/digits.py",
}

IMAGES = {"digits", "shapes", "image_folder", "catalogue"}
BINARY = {"bars_and_stripes", "binary_digits"}

# What the images of each kind are labelled with, and the values in the order of their numbers; None if only
# the data know. The classes of an image folder are its sub-folders.
ATTRIBUTES: dict[str, dict[str, tuple[str, ...] | None]] = {
    "digits": {"label": tuple("0123456789")},
    "shapes": {
        "shape": ("square", "cross", "triangle"),
        "colour": ("red", "green", "blue"),
        "place": ("top_left", "top_right", "bottom_left", "bottom_right"),
    },
    "image_folder": {"label": None},
}


class Embedded(Section):
    """A data set that ships with the package: `source` must be the module that generates it."""

    source: str

    @model_validator(mode="after")
    def _source_is_the_generator(self):
        module = MODULES[self.kind]
        if self.source != module:
            raise ValueError(f"a {self.kind} data set is made by {module}: write source: {module}")
        return self


class GaussianData(Embedded):
    """N(0, I) in `dim` dimensions, the term report's toy problem."""

    kind: Literal["gaussian"]
    seed: Index
    dim: Count
    train_size: Count
    test_size: Count


class DensityData(Embedded):
    """A two-dimensional density whose value is known in closed form or by quadrature."""

    kind: Literal["density"]
    seed: Index
    shape: Literal["eight_gaussians", "checkerboard", "two_moons", "rings"]
    train_size: Count
    test_size: Count


class ClassifierRuler(Section):
    """The classifier whose features measure generated images; trained by `ebm prepare`."""

    epochs: Count
    batch_size: Count
    width: Count
    minimum_accuracy: Probability


class AttributeClassifiers(ClassifierRuler):
    """A published set's classifiers, one for each of `attributes`, by which compositions are judged.

    `minimum_accuracy` is a balanced one, the mean over an attribute's values of the share of their test
    images that is recognised: 0.8 of all images mean little where 0.78 are young.
    """

    attributes: Annotated[list[Name], Field(min_length=1)]

    @model_validator(mode="after")
    def _each_attribute_once(self):
        if len(set(self.attributes)) != len(self.attributes):
            raise ValueError(f"each attribute must appear once, got {self.attributes}")
        return self


class DigitsData(Embedded):
    """scikit-learn's 1,797 real handwritten digits, 8x8, split by class into train and test."""

    kind: Literal["digits"]
    seed: Index
    test_fraction: Fraction
    classifier: ClassifierRuler


class ShapesData(Embedded):
    """Generated 16x16 RGB images of one coloured shape with independent attributes (ATTRIBUTES)."""

    kind: Literal["shapes"]
    seed: Index
    train_size: Count
    test_size: Count
    classifier: ClassifierRuler


class BarsAndStripesData(Embedded):
    """Binary images of `side` x `side` pixels whose rows, or whose columns, are each all on or all off.

    Training and test data are the distribution itself: every pattern as often as its probability says.
    """

    kind: Literal["bars_and_stripes"]
    side: Annotated[int, Field(ge=2, le=5, strict=True)]


class BinaryDigitsData(Embedded):
    """scikit-learn's digits as binary vectors of 64 pixels: on where the grey value exceeds `threshold`."""

    kind: Literal["binary_digits"]
    seed: Index
    test_fraction: Fraction
    threshold: Fraction


class ImageFolderData(Section):
    """Any folder with one sub-folder of JPEG or PNG files per class.

    `corrupt`: whether files that cannot be decoded end it, named and counted, or are left out. `inception`:
    what FID and its like are measured against, null if they are not.
    """

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


class CatalogueData(Section):
    """A published set, `entry` of the catalogue file `source`, downloaded into `folder` or placed there.

    `size`: pixels a side. `preparation` names one of the entry's (null: its first): how a picture becomes a
    square. `train`, `test`: its splits; `train_limit`, `test_limit`: so many images of them, drawn with
    `seed`, null for all. `corrupt`: whether pictures that cannot be decoded end it, named and counted, or are
    left out. `classifier`: what learns attributes from the training images, null if nothing is judged by
    them. `inception`: what FID and its like are measured against, null if nothing is.
    """

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


Dataset = Annotated[
    GaussianData
    | DensityData
    | DigitsData
    | ShapesData
    | BarsAndStripesData
    | BinaryDigitsData
    | ImageFolderData
    | CatalogueData,
    Field(discriminator="kind"),
]


def attributes_of(dataset: Dataset) -> dict[str, tuple[str, ...] | None]:
    """What its images are labelled with, as ATTRIBUTES says or the catalogue."""
    return dataset.published.attributes if dataset.kind == "catalogue" else ATTRIBUTES[dataset.kind]
