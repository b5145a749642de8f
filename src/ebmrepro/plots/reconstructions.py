"""Test patterns above what a sweep to the hidden units and back makes of them."""

import numpy as np
from matplotlib import colormaps

from ebmrepro.params.methods import objective_of
from ebmrepro.plots import style
from ebmrepro.plots.images import GROUND_HEX, label_rows, show, tile_values
from ebmrepro.shown.loaders.evaluate import Drawn
from ebmrepro.shown.runs import as_title, ended, some

MOST = 20


def draw(runs: list[Drawn]) -> style.Drawing:
    """A block for each data set and its originals, with each run's reconstructions; NothingToShow if none."""
    groups: dict[tuple, list[Drawn]] = {}
    for member in runs:
        if "reconstructions" in member.arrays:
            originals = member.arrays["originals"]
            key = (member.run.dataset, originals.shape, originals.tobytes())
            groups.setdefault(key, []).append(member)
    blocks = [(members, members[0].arrays["originals"][:MOST]) for members in groups.values()]
    some(blocks, "no run of the experiment has reconstructions")
    widest = style.TEXT - 1.3
    heights = [0.32 + min(0.5, widest / len(shown)) * (1 + len(members)) for members, shown in blocks]
    made, grid = style.grid(len(blocks), 1, style.TEXT, heights)
    for axes, (members, originals) in zip(grid, blocks, strict=True):
        rows = [originals.astype(np.float32)]
        rows += [member.arrays["reconstructions"][:MOST] for member in members]
        canvas = tile_values(np.concatenate(rows), len(originals))
        grey = colormaps["gray"].with_extremes(bad=GROUND_HEX)
        show(axes, canvas, as_title(members[0].run.dataset), cmap=grey, vmin=0, vmax=1)
        labels = [member.run.label + ended(member.outcome) for member in members]
        label_rows(axes, ["original", *labels], originals.shape[1])
        axes.set_anchor("W")
    directed = any(objective_of(run.run.method).directed for run in runs)
    how = " (a Helmholtz machine: up by its recognition net, down by the generative one)" if directed else ""
    return made, (
        "First seed; the first test patterns; below them for each run the probability of every pixel after"
        f" one sweep to the hidden units and back{how}; black 0, white 1"
    )
