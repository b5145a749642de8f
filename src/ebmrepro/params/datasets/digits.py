from ebmrepro.params.base import Seed, TestFraction, about
from ebmrepro.params.datasets import Dataset, ReferenceClassifier


class DigitsData(Dataset, form="images", sample_shape=(1, 8, 8), attributes={"label": tuple("0123456789")}):
    """scikit-learn's 1,797 real handwritten digits, 8x8, split by class into train and test."""

    licence = "UCI optical recognition of handwritten digits, CC BY 4.0, as shipped with scikit-learn"
    words = "scikit-learn's handwritten digits, 8×8"

    seed: Seed
    test_fraction: TestFraction
    classifier: ReferenceClassifier = about("What measures generated digits.")
