"""`datasets`: what `ebm prepare` turns into tensors, one module a kind."""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from ebmrepro.params.base import Count, Name, Probability, Section
from ebmrepro.params.kinds import Kind

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


# What a sample is: a real vector, a binary one, or an image of 8-bit levels.
Form = Literal["vectors", "binary", "images"]


class Dataset(Kind):
    """A data set."""

    form: ClassVar[Form]

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """Shape of a sample as energies see it: (d,) of a vector, (C, H, W) of an image."""
        raise NotImplementedError

    @property
    def attributes(self) -> dict[str, tuple[str, ...] | None]:
        """What its images are labelled with, and the values in the order of their numbers; None if only the
        data know."""
        return {}

    def located(self, folders: Mapping[str, str]) -> "Dataset":
        """The entry with the path in the place of the name of a folder (`folders` of params.yaml)."""
        return self

    def outside(self) -> dict:
        """What decides the prepared data and stands in no key of the entry: JSON-able."""
        return {}

    @property
    def judged(self) -> tuple[str, ...]:
        """The attributes that classifiers of its images learn."""
        return tuple(self.attributes)

    @property
    def references(self) -> frozenset[str]:
        """What evaluations may compare samples with: its form; "gaussian", a known mean and covariance;
        "plane", two real dimensions; "classifier", features of one; "inception", features of its images."""
        has = {
            "plane": self.form == "vectors" and self.sample_shape == (2,),
            "inception": getattr(self, "inception", None) is not None,
        }
        return frozenset({self.form, *(word for word, there in has.items() if there)})

    def problems(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """What it asks for and cannot have: (keys below the entry, reason)."""
        yield from ()


class Embedded(Dataset):
    """A data set that ships with the package: `source` must be the module that generates it."""

    source: str

    @model_validator(mode="after")
    def _source_is_the_generator(self):
        module = MODULES[self.kind]
        if self.source != module:
            raise ValueError(f"a {self.kind} data set is made by {module}: write source: {module}")
        return self


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


def attributes_of(dataset: Dataset) -> dict[str, tuple[str, ...] | None]:
    """What its images are labelled with, as ATTRIBUTES says or the catalogue."""
    return dataset.published.attributes if dataset.kind == "catalogue" else ATTRIBUTES[dataset.kind]
