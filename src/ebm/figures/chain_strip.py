"""Langevin chains on their way from noise to sample."""

import numpy as np
from matplotlib.figure import Figure

from ebm.figures import style
from ebm.figures.data import Samples, heading
from ebm.figures.images import label_frames, require_images, show, tile


def draw(runs: list[Samples]) -> Figure:
    """Each run's chains as rows, frames from left to right; raises NothingToShow if they are no images."""
    for member in runs:
        require_images(member.strip, member.run.name, "chain_strip")
    frames, chains = runs[0].strip.shape[:2]
    made = style.figure(style.COLUMN, len(runs) * (0.28 + 3.0 * chains / frames))
    grid = made.subplots(len(runs), 1, squeeze=False)
    for axes, member in zip(grid.flat, runs, strict=True):
        frames, chains, channels, height, width = member.strip.shape
        rows = member.strip.swapaxes(0, 1).reshape(frames * chains, channels, height, width)
        show(axes, tile(rows, frames), heading(member.run, member.outcome))
        steps = frame_steps(member.steps, frames)
        label_frames(axes, steps, width)
    return made


def frame_steps(total: int, frames: int) -> list[int]:
    """The Langevin step each frame shows: evenly spaced from 0 to `total`."""
    # Half to even, like the generator's own rounding, so that the labels are the steps it kept.
    return np.rint(np.linspace(0, total, frames)).astype(int).tolist()


def note(runs: list[Samples]) -> str:
    """How to read the figure."""
    return "First seed; one chain a row; below: Langevin steps taken"
