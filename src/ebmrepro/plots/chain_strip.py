"""Chains on their way from noise to sample: Langevin dynamics or Gibbs sampling."""

import numpy as np

from ebmrepro.plots import style
from ebmrepro.plots.images import require_images, show_chains
from ebmrepro.shown.loaders.sample import Samples
from ebmrepro.shown.runs import heading

# Runs side by side, of more than would stand in one column.
ABREAST = 2


def draw(runs: list[Samples]) -> style.Drawing:
    """Each run's chains as rows, frames left to right; NothingToShow if none has a chain of images."""
    otherwise, without = "no run of the experiment samples by a chain", "Sampled without a chain"
    shown, absent = style.suited(runs, lambda run: run.strip is not None, otherwise, without)
    units = list(dict.fromkeys(member.step_words for member in shown))
    across = 1 if len(shown) <= ABREAST else ABREAST
    room = 0.4 if len(units) > 1 else 0.28
    heights = [room + 3.0 * member.strip.shape[1] / member.strip.shape[0] for member in shown]
    lines = [max(heights[start : start + across]) for start in range(0, len(shown), across)]
    made, grid = style.grid(len(shown), across, style.COLUMN if across == 1 else style.TEXT, lines)
    for axes, member in zip(grid, shown, strict=True):
        require_images(member.strip, member.run.name, "chain_strip")
        steps = frame_steps(member.steps, len(member.strip))
        show_chains(axes, member.strip.swapaxes(0, 1), heading(member.run, member.outcome), steps)
        if len(units) > 1:
            axes.set_xlabel(member.step_words, fontsize=5.5, labelpad=1)
    what = units[0] if len(units) == 1 else "steps"
    return made, f"First seed; one chain a row; below: {what} taken. {absent}"


def frame_steps(total: int, frames: int) -> list[int]:
    """The step each frame shows: evenly spaced from 0 to `total`."""
    # Half to even, like the generator's own rounding, so that the labels are the steps it kept.
    return np.rint(np.linspace(0, total, frames)).astype(int).tolist()
