"""Long Langevin chains from one start, with augmentation transitions: do they cross between modes?"""

import numpy as np

from ebmrepro.plots import style
from ebmrepro.plots.images import require_images, show_chains
from ebmrepro.shown.loaders.sample import Samples
from ebmrepro.shown.runs import heading

ROWS, MOST_FRAMES = 6, 25


def draw(runs: list[Samples]) -> style.Drawing:
    """A strip for each run, long chains of the first start as rows; NothingToShow if none has such images."""
    otherwise = "no run of the experiment has long chains"
    shown, absent = style.suited(runs, lambda run: run.long is not None, otherwise, "Without long chains")
    strips = [_first_start(member) for member in shown]
    sizes = [chains.shape[:2] for chains, _ in strips]
    made = style.figure(style.TEXT, sum(0.34 + style.TEXT * rows / columns for rows, columns in sizes))
    ratios = [rows / columns + 0.05 for rows, columns in sizes]
    grid = made.subplots(len(shown), 1, squeeze=False, height_ratios=ratios)
    for axes, member, (chains, steps) in zip(grid.flat, shown, strips, strict=True):
        require_images(chains, member.run.name, "long_chains")
        show_chains(axes, chains, heading(member.run, member.outcome), steps)
    # Frame 0 is the start, then two frames a round.
    rounds = ", ".join(dict.fromkeys(str(member.long.steps[2]) for member in shown))
    return made, (
        "First seed; one chain a row, all from the image at the left; below: Langevin steps taken; the"
        f" transitions come between rounds of {rounds} steps. {absent}"
    )


def _first_start(member: Samples) -> tuple[np.ndarray, list[int]]:
    """Chains of the first start (rows, columns, C, H, W), and the steps of the columns, evenly spaced."""
    frames, steps = member.long.with_transitions, member.long.steps
    every = -(-(len(steps) - 1) // (MOST_FRAMES - 1))
    return frames[::every, 0, :ROWS].swapaxes(0, 1), steps[::every]
