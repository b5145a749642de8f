"""`datasets`: what `ebm prepare` turns into tensors, one module a kind."""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

from ebmrepro.params.base import Count, Name, Probability, Problem, about, once
from ebmrepro.params.kinds import Implemented, Kind

# What a sample is: a real vector, a binary one, or an image of 8-bit levels.
Form = Literal["vectors", "binary", "images"]


class Dataset(Kind):
    """A data set. Its implementation has prepare(config) -> ebmrepro.data.prepared.Prepared."""

    implementation = "ebmrepro.data.{kind}"
    form: ClassVar[Form]
    licence: ClassVar[str]
    # A few words on it, with {0.key} for its settings; or else it has a `describe` of its own.
    words: ClassVar[str] = ""
    # Whether it may be larger than memory, and take hours.
    large: ClassVar[bool] = False
    # Shape of a sample as energies see it: (d,) of a vector, (C, H, W) of an image.
    sample_shape: ClassVar[tuple[int, ...]]
    # What its images are labelled with, and the values in the order of their numbers; None if only the data
    # know. A property where it is not the same for all, or decides what is drawn.
    attributes: ClassVar[Mapping[str, tuple[str, ...] | None]] = {}

    def located(self, folders: Mapping[str, str]) -> "Dataset":
        """The entry with the path in the place of the name of a folder (`folders` of params.yaml)."""
        return self

    def outside(self) -> dict:
        """What decides the data prepared from a located entry and stands in no key of it: JSON-able."""
        return {}

    @property
    def judged(self) -> tuple[str, ...]:
        """The attributes that classifiers of its images learn."""
        return tuple(self.attributes)

    @property
    def references(self) -> frozenset[str]:
        """What evaluations may compare samples with: its form; "gaussian", a known mean and covariance;
        "plane", two real dimensions; "classifier", features of one; "inception", features of its images."""
        plane = ["plane"] if self.form == "vectors" and self.sample_shape == (2,) else []
        return frozenset({self.form, *plane, *(one.reference for one in self.learnt)})

    def problems(self, folders: Mapping[str, str]) -> Iterator[Problem]:
        """What it asks for and cannot have, by keys below the entry; `folders` as in params.yaml."""
        yield from ()

    @property
    def learnt(self) -> list[Implemented]:
        """Settings of what is learnt from its samples to measure others with, in the order of the work."""
        return [one for key in ("classifier", "inception") if (one := getattr(self, key, None))]

    def log_density(self, points):
        """Log density of points (n, d) in nats, (n,); None where it is not known."""
        return None

    def describe(self, name: str) -> str:
        """The data set, `name` in params.yaml, in a few words, without the folder it was read from."""
        return self.words.format(self)

    def modules(self) -> list[str]:
        """Its own and those of what is learnt from it."""
        return [*super().modules(), *(module for one in self.learnt for module in one.modules())]


class ReferenceClassifier(Implemented):
    """The classifier whose features measure generated images; trained by `ebm prepare`."""

    implementation = "ebmrepro.evaluation.classifiers.class_reference"
    # Which of a data set's `references` it gives.
    reference: ClassVar[str] = "classifier"

    epochs: Count = about("Passes over the training images.", 30)
    batch_size: Count = about("Images in a step.", 64)
    width: Count = about("Channels of the first convolution.", 32)
    minimum_accuracy: Probability = about("Accuracy on test images, 0 to 1, below which it ends.", 0.97)


class AttributeClassifiers(ReferenceClassifier):
    """A published set's classifiers, one for each of `attributes`, by which compositions are judged.

    `minimum_accuracy` is a balanced one, the mean over an attribute's values of the share of their test
    images that is recognised: 0.8 of all images mean little where 0.78 are young.
    """

    implementation = "ebmrepro.evaluation.classifiers.attribute_reference"
    reference = "attributes"

    attributes: Annotated[list[Name], once("attribute")] = about(
        "Attributes that are learnt, each once.", ["male"], min_length=1
    )
