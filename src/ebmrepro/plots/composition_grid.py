"""Samples of compositions, and which of them satisfy what was asked for."""

import textwrap

import numpy as np
from matplotlib.patches import Rectangle

from ebmrepro.plots import style
from ebmrepro.plots.images import GAP, require_images, show, tile
from ebmrepro.shown.loaders.compose import Composed
from ebmrepro.shown.runs import as_title, ended, some

ROWS, COLUMNS = 2, 12
BLOCKS_ACROSS = 2
# Letters of a title that fit above a block.
TITLE = 56
FRAME = {"fill": False, "edgecolor": "#D55E00", "linewidth": 1.0}


def draw(items: list[Composed]) -> style.Drawing:
    """A block of the first samples for each expression; NothingToShow if none, or if they are no images."""
    blocks = [(item, key) for item in items for key in item.samples]
    some(blocks, "the experiment has no composition")
    lines = -(-len(blocks) // BLOCKS_ACROSS)
    height = 0.3 + style.TEXT / BLOCKS_ACROSS * ROWS / COLUMNS
    made, grid = style.grid(len(blocks), BLOCKS_ACROSS, style.TEXT, [height] * lines)
    for axes, (item, key) in zip(grid, blocks, strict=True):
        require_images(item.samples[key], f"{item.name}, {key}", "composition_grid")
        name = f"{as_title(item.name)}: " if len(items) > 1 else ""
        correct = item.correct[key]
        words = f"{name}{item.words[key]}: {correct.mean():.0%} (chance: {item.chance[key]:.0%})"
        show(axes, tile(item.samples[key][: ROWS * COLUMNS], COLUMNS), textwrap.fill(words, TITLE))
        height, width = item.samples[key].shape[2:]
        for index in np.flatnonzero(~correct[: ROWS * COLUMNS]):
            corner = (index % COLUMNS * (width + GAP) - 0.5, index // COLUMNS * (height + GAP) - 0.5)
            axes.add_patch(Rectangle(corner, width, height, gid=f"not {index}", **FRAME))
    ends = {item.name: ended(item.outcomes[item.seed]) for item in items}
    diverged = "; ".join(f"{name}{end}" for name, end in ends.items() if end)
    return made, (
        "First seed; the first samples drawn, not selected. Percentages: samples whose attributes satisfy the"
        " expression, as classifiers trained on real images see them; in brackets the share of training"
        f" images that do. Framed: samples that do not{f'. A model of {diverged}' if diverged else ''}"
    )
