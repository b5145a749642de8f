"""Settings of `kind: shapes`."""

from typing import Literal

from ebmrepro.params.base import Count, Index
from ebmrepro.params.datasets import ClassifierRuler, Embedded


class ShapesData(Embedded):
    """Generated 16x16 RGB images of one coloured shape with independent attributes (ATTRIBUTES)."""

    form = "images"

    kind: Literal["shapes"]
    seed: Index
    train_size: Count
    test_size: Count
    classifier: ClassifierRuler

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """(3, 16, 16)"""
        return (3, 16, 16)

    @property
    def attributes(self) -> dict[str, tuple[str, ...] | None]:
        """Shape, colour and place."""
        return {
            "shape": ("square", "cross", "triangle"),
            "colour": ("red", "green", "blue"),
            "place": ("top_left", "top_right", "bottom_left", "bottom_right"),
        }

    @property
    def references(self) -> frozenset[str]:
        """A classifier too."""
        return super().references | {"classifier"}
