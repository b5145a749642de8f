from ebmrepro.params.base import Fraction, Seed, TestFraction, about
from ebmrepro.params.datasets import Dataset


class BinaryDigitsData(Dataset, form="binary", licence="as digits", sample_shape=(64,)):
    """scikit-learn's digits as binary vectors of 64 pixels, split by class into train and test."""

    words = "scikit-learn's handwritten digits, 8×8 binary pixels"

    seed: Seed
    test_fraction: TestFraction
    threshold: Fraction = about("Share of full grey, in (0, 1), above which a pixel is on.", 0.5)
