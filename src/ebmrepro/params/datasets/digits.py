"""Settings of `kind: digits`."""

from typing import Literal

from ebmrepro.params.base import Fraction, Index
from ebmrepro.params.datasets import ClassifierRuler, Embedded


class DigitsData(Embedded):
    """scikit-learn's 1,797 real handwritten digits, 8x8, split by class into train and test."""

    form = "images"

    kind: Literal["digits"]
    seed: Index
    test_fraction: Fraction
    classifier: ClassifierRuler

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """(1, 8, 8)"""
        return (1, 8, 8)

    @property
    def attributes(self) -> dict[str, tuple[str, ...] | None]:
        """Classes 0 to 9."""
        return {"label": tuple("0123456789")}

    @property
    def references(self) -> frozenset[str]:
        """A classifier too."""
        return super().references | {"classifier"}
