"""The ablation: what the KL term, augmentation and several scales each do to samples and to stability."""

from ebmrepro.shown.loaders.evaluate import Measured
from ebmrepro.tables import generation
from ebmrepro.tables.rows import NOTE, SURVIVED, build, switch
from ebmrepro.tables.table import Made

ABOUT = (switch("KL term", "kl"), switch("Augmentation", "augmentation"), switch("Multi-scale", "scales"))
COLUMNS = [generation.FRECHET, generation.CLASSES, SURVIVED]
HOW = (
    f"{NOTE}; iterations survived over all seeds. Augmentation: transitions in training. The Fréchet distance"
    " is on features of a classifier trained on the same data: it is not an Inception FID. That of real"
    " images is the training set's to the test set"
)


def make(runs: list[Measured]) -> Made:
    """The table, last for each data set what its real images give."""
    return build(runs, COLUMNS, generation.real_images, "ablation", ABOUT), HOW
