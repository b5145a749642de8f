"""The weights of hidden units, as images of what each unit looks at."""

import numpy as np

from ebmrepro.params.methods import objective_of
from ebmrepro.plots import style
from ebmrepro.plots.images import GAP, show, tile_values
from ebmrepro.shown.loaders.evaluate import Drawn
from ebmrepro.shown.runs import heading, some

COLUMNS = 16
# White in the middle, told apart at both ends under every common colour blindness.
COLOUR_MAP = "PuOr_r"


def draw(runs: list[Drawn]) -> style.Drawing:
    """A block for each run that has filters, with a colour scale symmetric about 0; NothingToShow if none."""
    shown = some([run for run in runs if "filters" in run.arrays], "no run of the experiment has filters")
    filters = [run.arrays["filters"] for run in shown]
    blocks = [(tile_values(own, COLUMNS), COLUMNS * (own.shape[-1] + GAP)) for own in filters]
    # Columns are filled from the left: a run with few filters is not blown up beside the others.
    heights = [0.34 + max(0.3, (style.TEXT - 0.9) * len(canvas) / width) for canvas, width in blocks]
    made, grid = style.grid(len(shown), 1, style.TEXT, heights)
    for axes, member, (canvas, width) in zip(grid, shown, blocks, strict=True):
        limit = float(np.nanmax(np.abs(canvas))) or 1.0
        look = {"cmap": COLOUR_MAP, "vmin": -limit, "vmax": limit}
        image = show(axes, canvas, heading(member.run, member.outcome), **look)
        axes.set_xlim(-0.5, width - 0.5)
        axes.set_anchor("W")
        bar = made.colorbar(image, ax=axes, pad=0.01, aspect=10, panchor=False)
        bar.set_ticks([-limit, 0, limit], labels=[f"−{limit:.2g}", "0", f"{limit:.2g}"])
        bar.ax.tick_params(length=0)
        bar.outline.set_visible(False)
    rest = ", ".join(run.run.label for run in runs if "filters" not in run.arrays)
    absent = f" Without filters, so not shown: {rest}." if rest else ""
    directed = any(objective_of(run.run.method).directed for run in runs)
    which = "; of a Helmholtz machine the generative weights of its lowest layer" if directed else ""
    return made, (
        f"First seed; the first hidden units, each as the weights between it and the pixels{which}; white: 0."
        f"{absent} Each run has its own colour scale"
    )
