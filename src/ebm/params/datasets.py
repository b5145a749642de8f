"""`datasets`: what `ebm prepare` turns into tensors.

`source` is the file or folder a data set is made from; both runners watch it. The embedded sets
are made by a module of this package, so their source is that module.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ebm.params.base import Count, Fraction, Index, Probability, Section

MODULES = {
    "gaussian": "src/ebm/data/gaussian.py",
    "density": "src/ebm/data/densities.py",
    "digits": "src/ebm/data/digits.py",
    "shapes": "src/ebm/data/shapes.py",
}

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
    seed: Index

    @model_validator(mode="after")
    def _source_is_the_generator(self):
        module = MODULES[self.kind]
        if self.source != module:
            raise ValueError(f"a {self.kind} data set is made by {module}: write source: {module}")
        return self


class GaussianData(Embedded):
    """N(0, I) in `dim` dimensions, the term report's toy problem."""

    kind: Literal["gaussian"]
    dim: Count
    train_size: Count
    test_size: Count


class DensityData(Embedded):
    """A two-dimensional density whose value is known in closed form or by quadrature."""

    kind: Literal["density"]
    shape: Literal["eight_gaussians", "checkerboard", "two_moons", "rings"]
    train_size: Count
    test_size: Count


class ClassifierRuler(Section):
    """The classifier whose features measure generated images; trained by `ebm prepare`."""

    epochs: Count
    batch_size: Count
    width: Count
    minimum_accuracy: Probability


class DigitsData(Embedded):
    """scikit-learn's 1,797 real handwritten digits, 8x8, split by class into train and test."""

    kind: Literal["digits"]
    test_fraction: Fraction
    classifier: ClassifierRuler


class ShapesData(Embedded):
    """Generated 16x16 RGB images of one coloured shape with independent attributes (ATTRIBUTES)."""

    kind: Literal["shapes"]
    train_size: Count
    test_size: Count
    classifier: ClassifierRuler


class ImageFolderData(Section):
    """Any folder with one sub-folder of JPEG or PNG files per class."""

    kind: Literal["image_folder"]
    source: str
    seed: Index
    size: Annotated[int, Field(ge=4, le=1024, strict=True)]
    channels: Literal[1, 3]
    limit: Count | None
    test_fraction: Fraction
    classifier: ClassifierRuler


Dataset = Annotated[
    GaussianData | DensityData | DigitsData | ShapesData | ImageFolderData, Field(discriminator="kind")
]
