"""Chains on their way from noise to sample: Langevin dynamics or Gibbs sampling."""

import numpy as np
from matplotlib.figure import Figure

from ebmrepro.plots import style
from ebmrepro.plots.images import label_frames, require_images, show, tile
from ebmrepro.shown.data import heading, some
from ebmrepro.shown.loaders.sample import Samples

# Runs side by side, of more than would stand in one column.
ABREAST = 2


def draw(runs: list[Samples]) -> Figure:
    """Each run's chains as rows, frames from left to right.

    Runs whose samples come without a chain are left out. Raises NothingToShow if no run has one, or if a
    chain's states are no images.
    """
    shown = [run for run in runs if run.strip is not None]
    some(shown, "no run of the experiment samples by a chain")
    for member in shown:
        require_images(member.strip, member.run.name, "chain_strip")
    across = 1 if len(shown) <= ABREAST else ABREAST
    several = len(_units(runs)) > 1
    heights = [
        (0.4 if several else 0.28) + 3.0 * member.strip.shape[1] / member.strip.shape[0] for member in shown
    ]
    lines = [max(heights[start : start + across]) for start in range(0, len(shown), across)]
    made, grid = style.grid(len(shown), across, style.COLUMN if across == 1 else style.TEXT, lines)
    for axes, member in zip(grid, shown, strict=True):
        frames, chains, channels, height, width = member.strip.shape
        rows = member.strip.swapaxes(0, 1).reshape(frames * chains, channels, height, width)
        show(axes, tile(rows, frames), heading(member.run, member.outcome))
        label_frames(axes, frame_steps(member.steps, frames), width)
        if several:
            axes.set_xlabel(member.step_words, fontsize=5.5, labelpad=1)
    return made


def frame_steps(total: int, frames: int) -> list[int]:
    """The step each frame shows: evenly spaced from 0 to `total`."""
    # Half to even, like the generator's own rounding, so that the labels are the steps it kept.
    return np.rint(np.linspace(0, total, frames)).astype(int).tolist()


def note(runs: list[Samples]) -> str:
    """How to read the figure, and which runs have no chain."""
    rest = [run.run.name for run in runs if run.strip is None]
    absent = f". Sampled without a chain, so not shown: {', '.join(rest)}" if rest else ""
    units = _units(runs)
    what = units[0] if len(units) == 1 else "steps"
    return f"First seed; one chain a row; below: {what} taken{absent}"


def _units(runs: list[Samples]) -> list[str]:
    return list(dict.fromkeys(run.step_words for run in runs if run.strip is not None))
