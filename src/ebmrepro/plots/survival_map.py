"""The median survival over two settings that an experiment sweeps, one panel for each method."""

import math
import textwrap
from collections.abc import Iterable

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.ticker import NullFormatter

from ebmrepro.evaluation.survival import median_survival
from ebmrepro.plots import style
from ebmrepro.shown.loaders.train import Curves

HOW = (
    "Colour and first line: median of the iterations survived (Kaplan-Meier); with > more than half of the"
    " seeds lived to the end. Second line: seeds that died, of all. Empty: not run"
)


def draw(runs: list[Curves]) -> style.Drawing:
    """A panel for each method; the runs stand where their settings put them."""
    down, across = runs[0].place.swept
    rows, columns = (values(run.place.swept[name] for run in runs) for name in (down, across))
    methods = list(dict.fromkeys(run.place.method for run in runs))
    width = min(len(methods), 3)
    height = 0.75 + 0.3 * len(rows)
    made, panels = style.grid(len(methods), width, style.TEXT, [height] * -(-len(methods) // width))
    norm = LogNorm(1, max(run.place.iterations for run in runs))
    for axes, method in zip(panels, methods, strict=True):
        cells = np.full((len(rows), len(columns)), np.nan)
        for row, column in np.ndindex(cells.shape):
            there = (rows[row], columns[column])
            own = [r for r in runs if r.place.method == method and (*r.place.swept.values(),) == there]
            if own:
                iterations = [at for run in own for at in run.survived[0]]
                died = [dead for run in own for dead in run.survived[1]]
                median = median_survival(iterations, died)
                lived = not math.isfinite(median)
                # A logarithm has no 0: who dies in the first step counts as 1.
                cells[row, column] = max(iterations) if lived else max(1.0, median)
                text = f"{'> ' if lived else ''}{cells[row, column]:.0f}\n{sum(died)}/{len(died)}"
                colour = "white" if norm(cells[row, column]) < 0.6 else "black"
                axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=5.5)
        image = axes.imshow(cells, cmap="viridis", norm=norm, aspect="auto")
        axes.grid(visible=False)
        axes.set_xticks(range(len(columns)), [str(value) for value in columns])
        axes.set_yticks(range(len(rows)), [str(value) for value in rows])
        axes.set(xlabel=across, ylabel=down if axes.get_subplotspec().is_first_col() else "")
        axes.set_title(textwrap.fill(method, 32), loc="left")
    bar = made.colorbar(image, ax=panels, label="median survived", pad=0.01, aspect=30)
    bar.ax.yaxis.set_minor_formatter(NullFormatter())
    return made, HOW


def values(found: Iterable) -> list:
    """The values of a setting, each once: numbers in their order, words in that of the runs."""
    once = list(dict.fromkeys(found))
    return sorted(once) if all(isinstance(value, int | float) for value in once) else once
