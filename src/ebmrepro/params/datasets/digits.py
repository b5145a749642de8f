"""Settings of `kind: digits`."""

from typing import Annotated, Literal

from pydantic import Field

from ebmrepro.params.datasets import ClassifierRuler, Dataset, Seed, TestFraction


class DigitsData(Dataset):
    """scikit-learn's 1,797 real handwritten digits, 8x8, split by class into train and test."""

    form = "images"
    licence = "UCI optical recognition of handwritten digits, CC BY 4.0, as shipped with scikit-learn"
    implementation = "ebmrepro.data.digits"

    kind: Literal["digits"]
    seed: Seed
    test_fraction: TestFraction
    classifier: Annotated[ClassifierRuler, Field(description="What measures generated digits.")]

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

    def describe(self, name: str) -> str:
        """Whose digits."""
        return "scikit-learn's handwritten digits, 8×8"
