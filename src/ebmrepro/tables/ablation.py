"""The ablation: what the KL term, augmentation and several scales each do to samples and to stability."""

from ebmrepro.shown.loaders.evaluate import Measured
from ebmrepro.tables.generation import real_images
from ebmrepro.tables.rows import NOTE, Column, build, switch
from ebmrepro.tables.table import Table

ABOUT = (switch("KL term", "kl"), switch("Augmentation", "augmentation"), switch("Multi-scale", "scales"))
COLUMNS = [
    Column("classifier_frechet", "Classifier Fréchet distance ↓"),
    Column("effective_classes", "Effective classes ↑"),
    Column("iterations_survived", "Iterations survived ↑", every_seed=True),
]
HOW = (
    f"{NOTE}; iterations survived over all seeds. Augmentation: transitions in training. The Fréchet distance"
    " is on features of a classifier trained on the same data: it is not an Inception FID. That of real"
    " images is the training set's to the test set"
)


def make(runs: list[Measured]) -> tuple[Table, str]:
    """The table, last for each data set what its real images give; how to read it."""
    return build(runs, COLUMNS, real_images, "ablation", ABOUT), HOW
