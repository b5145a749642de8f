from typing import ClassVar

from ebmrepro.params.base import about
from ebmrepro.params.data_fields import Seed, TestFraction
from ebmrepro.params.datasets import ClassifierRuler, Dataset


class DigitsData(Dataset):
    """scikit-learn's 1,797 real handwritten digits, 8x8, split by class into train and test."""

    form = "images"
    licence = "UCI optical recognition of handwritten digits, CC BY 4.0, as shipped with scikit-learn"
    words = "scikit-learn's handwritten digits, 8×8"
    sample_shape = (1, 8, 8)
    attributes: ClassVar = {"label": tuple("0123456789")}

    seed: Seed
    test_fraction: TestFraction
    classifier: ClassifierRuler = about("What measures generated digits.")
