"""Settings of `kind: shapes`."""

from typing import Annotated, Literal

from pydantic import Field

from ebmrepro.params.datasets import ClassifierRuler, Dataset, Seed, TestSize, TrainSize


class ShapesData(Dataset):
    """Generated 16x16 RGB images of one coloured shape with independent attributes."""

    form = "images"
    licence = "generated"
    implementation = "ebmrepro.data.shapes"

    kind: Literal["shapes"]
    seed: Seed
    train_size: TrainSize
    test_size: TestSize
    classifier: Annotated[ClassifierRuler, Field(description="What measures generated shapes.")]

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

    def describe(self, name: str) -> str:
        """What is seen, and the size."""
        return f"generated coloured shapes, 16×16 RGB, {self.train_size} images"
