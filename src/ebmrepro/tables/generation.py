"""Generation of images: quality, diversity, distance to the training set."""

from ebmrepro.shown.loaders.evaluate import Measured
from ebmrepro.tables.rows import NOTE, Column, build
from ebmrepro.tables.table import Made

FRECHET = Column("classifier_frechet", "Classifier Fréchet distance ↓")
CLASSES = Column("effective_classes", "Effective classes ↑")
RATIO = Column("pairwise_distance_ratio", "Pairwise distance / test's")
COLUMNS = [FRECHET, CLASSES, RATIO, Column("nearest_train_distance", "Distance to nearest training image")]
HOW = (
    f"{NOTE}. The Fréchet distance is on features of a classifier trained on the same data: it is not an"
    " Inception FID. The last row compares real images: training with test set for the Fréchet distance,"
    " test with training set for the nearest image"
)


def make(runs: list[Measured]) -> Made:
    """The table, last for each data set what its real images give."""
    return build(runs, COLUMNS, real_images, "generation"), HOW


def real_images(members: list[Measured]) -> list[tuple[str, dict[str, float | None]]]:
    """Label and numbers of the reference row of a data set's runs."""
    *_, metrics = members[0].metrics.values()
    numbers = {
        "classifier_frechet": members[0].reference.get("classifier_frechet_train_to_test"),
        # The ratio is to the test images' own mean pairwise distance.
        "pairwise_distance_ratio": 1.0,
        "nearest_train_distance": metrics.get("nearest_train_distance_of_test"),
    }
    return [("real images", numbers)]
