"""Settings of `kind: binary_digits`."""

from typing import Literal

from ebmrepro.params.base import Fraction, Index
from ebmrepro.params.datasets import Embedded


class BinaryDigitsData(Embedded):
    """scikit-learn's digits as binary vectors of 64 pixels: on where the grey value exceeds `threshold`."""

    form = "binary"

    kind: Literal["binary_digits"]
    seed: Index
    test_fraction: Fraction
    threshold: Fraction

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """(64,)"""
        return (64,)
