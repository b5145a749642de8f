"""Two-dimensional densities: the truth, then what each method learnt."""

import numpy as np
from matplotlib.figure import Figure

from ebm.figures import style
from ebm.figures.data import METHODS, Drawn, NothingToShow, as_title, by_dataset, ended

COLOUR_MAP = "viridis"


def draw(runs: list[Drawn]) -> Figure:
    """Rows are data sets, columns the true density and then each method, one colour scale in a row.

    The scale ends at the highest true density: a model that peaks higher is shown saturated. Raises
    NothingToShow if a run has no density.
    """
    for member in runs:
        if member.true_log_density is None or "log_density" not in member.arrays:
            raise NothingToShow(f"density_panels shows 2-D densities, and run {member.run.name} has none")
    rows = by_dataset(runs)
    columns = 1 + max(len(members) for members in rows.values())
    side = min(1.55, style.TEXT / columns)
    made = style.figure(max(style.COLUMN, side * columns + 0.5), (side + 0.12) * len(rows))
    grid = made.subplots(len(rows), columns, squeeze=False)
    for line, (dataset, members) in zip(grid, rows.items(), strict=True):
        truth = np.exp(members[0].true_log_density)
        members = sorted(members, key=lambda m: list(METHODS).index(m.run.objective))
        fields = [("true density", truth, members[0])]
        fields += [(m.run.label + ended(m.outcome), np.exp(m.arrays["log_density"]), m) for m in members]
        for axes in line[len(fields) :]:
            axes.set_axis_off()
        for axes, (title, density, member) in zip(line, fields, strict=False):
            low, high = member.arrays["box"]
            image = axes.imshow(
                density,
                origin="lower",
                extent=(low, high, low, high),
                vmin=0,
                vmax=truth.max(),
                cmap=COLOUR_MAP,
                interpolation="nearest",
            )
            axes.set_title(title)
            axes.grid(False)
            axes.set_xticks([])
            axes.set_yticks([])
            axes.spines[:].set_visible(False)
        line[0].set_ylabel(as_title(dataset))
        made.colorbar(image, ax=list(line), shrink=0.8, pad=0.01, extend="max", aspect=15)
    return made


def note(runs: list[Drawn]) -> str:
    """How to read the figure."""
    return (
        "First seed; density normalised on the grid; each row's colours end at the highest true density,"
        " higher values are saturated"
    )
