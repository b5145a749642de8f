"""Samples of every run, one block each."""

from ebmrepro.plots import style
from ebmrepro.plots.images import require_images, show, tile
from ebmrepro.shown.loaders.sample import Samples
from ebmrepro.shown.runs import heading

COLUMNS, ROWS = 20, 4
# More runs have half as many rows each, or the figure would not fit a page.
MANY = 4


def draw(runs: list[Samples]) -> style.Drawing:
    """The first samples of each run, in the order drawn; raises NothingToShow if they are no images."""
    rows = ROWS if len(runs) <= MANY else ROWS // 2
    made, grid = style.grid(len(runs), 1, style.TEXT, [0.27 + 0.3375 * rows] * len(runs))
    for axes, member in zip(grid, runs, strict=True):
        require_images(member.samples, member.run.name, "sample_grid")
        canvas = tile(member.samples[: COLUMNS * rows], COLUMNS)
        show(axes, canvas, heading(member.run, member.outcome))
    return made, "First seed; the first samples drawn, not selected"
