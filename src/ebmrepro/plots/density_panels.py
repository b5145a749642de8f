"""Two-dimensional densities: the truth, then what each method learnt."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from ebmrepro.params.methods import methods
from ebmrepro.plots import style
from ebmrepro.plots.images import show
from ebmrepro.shown.loaders.evaluate import Drawn
from ebmrepro.shown.runs import NothingToShow, as_title, by_dataset, ended

# Methods in a row, beside the truth.
MOST_COLUMNS = 5
HOW = (
    "First seed; density normalised on the grid; each data set's colours end at the highest true density,"
    " higher values are saturated"
)


def draw(runs: list[Drawn]) -> style.Drawing:
    """For each data set the true density, then each method's; NothingToShow if a run has no density."""
    for member in runs:
        if "log_density" not in member.arrays:
            raise NothingToShow(f"density_panels shows 2-D densities, and run {member.run.name} has none")
    groups = by_dataset(runs)
    # The truth stands alone in the first column: methods are never wrapped below it.
    lines = [-(-len(members) // MOST_COLUMNS) for members in groups.values()]
    across = max(-(-len(members) // rows) for members, rows in zip(groups.values(), lines, strict=True))
    side = min(1.55, (style.TEXT - 0.5) / (1 + across))
    made = style.figure(max(style.COLUMN, side * (1 + across) + 0.5), (side + 0.15) * sum(lines))
    grid = made.subplots(sum(lines), 1 + across, squeeze=False)
    blocks = np.split(grid, np.cumsum(lines)[:-1])
    for block, (dataset, members) in zip(blocks, groups.items(), strict=True):
        truth = np.exp(true_log_density(members[0]))
        members = sorted(members, key=lambda m: list(methods()).index(m.run.method))
        image = _field(block[0, 0], "true density", truth, truth, members[0])
        block[0, 0].set_ylabel(as_title(dataset))
        places = list(block[:, 1:].flat)
        for spare in [*block[1:, 0], *places[len(members) :]]:
            spare.set_axis_off()
        for axes, member in zip(places, members, strict=False):
            title = member.run.label + ended(member.outcome).replace(", ", "\n")
            _field(axes, title, np.exp(member.arrays["log_density"]), truth, member)
        made.colorbar(image, ax=list(block.flat), shrink=0.8, pad=0.01, extend="max", aspect=15 * len(block))
    return made, HOW


def _field(axes: Axes, title: str, density: np.ndarray, truth: np.ndarray, member: Drawn) -> AxesImage:
    low, high = member.arrays["box"]
    look = {"vmin": 0, "vmax": truth.max(), "cmap": "viridis"}
    image = show(axes, density, "", origin="lower", extent=(low, high, low, high), **look)
    axes.set_title(title, fontsize=6.5)
    return image


def true_log_density(member: Drawn) -> np.ndarray:
    """The data's (n, n) in nats at the grid's cell centres, rows along y; NothingToShow if unknown."""
    cells, (low, high) = len(member.arrays["log_density"]), member.arrays["box"].tolist()
    centres = low + (high - low) / cells * (np.arange(cells) + 0.5)
    x, y = np.meshgrid(centres, centres)
    known = member.dataset.log_density(np.stack([x.ravel(), y.ravel()], 1))
    if known is None:
        raise NothingToShow(f"density_panels shows data whose density is known, not {member.run.dataset}")
    return known.reshape(cells, cells)
