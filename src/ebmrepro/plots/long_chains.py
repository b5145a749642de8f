"""Long Langevin chains from one start, with augmentation transitions: do they cross between modes?"""

from matplotlib.figure import Figure

from ebmrepro.plots import style
from ebmrepro.plots.images import label_frames, require_images, show, tile
from ebmrepro.shown.data import heading, some
from ebmrepro.shown.loaders.sample import Samples

ROWS, MOST_FRAMES = 6, 25


def draw(runs: list[Samples]) -> Figure:
    """A strip for each run that has long chains: chains of the first start as rows, frames as columns.

    Raises NothingToShow if no run has them or if they are no images.
    """
    shown = some([run for run in runs if run.long is not None], "no run of the experiment has long chains")
    for member in shown:
        require_images(member.long.with_transitions, member.run.name, "long_chains")
    sizes = [_first_start(member)[0].shape[:2] for member in shown]
    height = sum(0.34 + style.TEXT * rows / columns for rows, columns in sizes)
    made = style.figure(style.TEXT, height)
    ratios = [rows / columns + 0.05 for rows, columns in sizes]
    grid = made.subplots(len(shown), 1, squeeze=False, height_ratios=ratios)
    for axes, member in zip(grid.flat, shown, strict=True):
        chains, steps = _first_start(member)
        canvas = tile(chains.reshape(-1, *chains.shape[2:]), len(steps))
        show(axes, canvas, heading(member.run, member.outcome))
        label_frames(axes, steps, chains.shape[-1])
    return made


def note(runs: list[Samples]) -> str:
    """How to read the figure, and which runs it cannot show."""
    rest = [run.run.name for run in runs if run.long is None]
    absent = f". Without long chains, so not shown: {', '.join(rest)}" if rest else ""
    # Frame 0 is the start, then two frames a round.
    rounds = ", ".join(dict.fromkeys(str(run.long.steps[2]) for run in runs if run.long is not None))
    return (
        "First seed; one chain a row, all from the image at the left; below: Langevin steps taken; the"
        f" transitions come between rounds of {rounds} steps{absent}"
    )


def _first_start(member: Samples):
    """Chains of the first start (rows, columns, C, H, W), and the steps of the columns, evenly spaced."""
    frames, steps = member.long.with_transitions, member.long.steps
    every = -(-(len(steps) - 1) // (MOST_FRAMES - 1))
    return frames[::every, 0, :ROWS].swapaxes(0, 1), steps[::every]
