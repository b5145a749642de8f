from ebmrepro.params.base import NonNegative, Seed, TestSize, TrainSize, about
from ebmrepro.params.datasets import Dataset, ReferenceClassifier


class ShapesData(Dataset, form="images", licence="generated", sample_shape=(3, 16, 16)):
    """Generated 16x16 RGB images of one coloured shape with independent attributes."""

    words = "generated coloured shapes, 16×16 RGB, {0.train_size} images"

    seed: Seed
    train_size: TrainSize
    test_size: TestSize
    noise: NonNegative = about(
        "Standard deviation of Gaussian noise on the images, whose values are in [0, 1].",
        0.1,
        default=0.0,
    )
    classifier: ReferenceClassifier = about("What measures generated shapes.")

    @property
    def attributes(self) -> dict[str, tuple[str, ...] | None]:
        return {
            "shape": ("square", "cross", "triangle"),
            "colour": ("red", "green", "blue"),
            "place": ("top_left", "top_right", "bottom_left", "bottom_right"),
        }
