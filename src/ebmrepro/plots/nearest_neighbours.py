"""Samples above their nearest training images: is the model copying?"""

import numpy as np

from ebmrepro.plots import style
from ebmrepro.plots.images import require_images, show, tile
from ebmrepro.shown.loaders.evaluate import Drawn
from ebmrepro.shown.runs import NothingToShow, heading


def draw(runs: list[Drawn]) -> style.Drawing:
    """Two rows for each run; raises NothingToShow if a run has no images."""
    for member in runs:
        if "shown" not in member.arrays:
            raise NothingToShow(f"nearest_neighbours shows images, and run {member.run.name} has none")
        require_images(member.arrays["shown"], member.run.name, "nearest_neighbours")
    made, grid = style.grid(len(runs), 1, style.COLUMN, [1.0] * len(runs))
    for axes, member in zip(grid, runs, strict=True):
        samples, nearest = member.arrays["shown"], member.arrays["nearest_train"]
        canvas = tile(np.concatenate([samples, nearest]), len(samples))
        show(axes, canvas, heading(member.run, member.outcome))
        height = samples.shape[2]
        axes.set_yticks([height / 2, 1.5 * height + 1], ["sample", "nearest"])
        axes.tick_params(length=0)
    return made, "First seed; the first samples drawn; nearest training image by Euclidean distance of pixels"
