"""Energies of a data set's own test images against those of outliers."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ebm.figures import style
from ebm.figures.data import Detected, Measured, NothingToShow, as_title, ended
from ebm.figures.table import MISSING

INSIDE, OUTSIDE = style.GREY, "#E69F00"


def draw(items: list[Detected]) -> Figure:
    """Rows are runs, columns sets of outliers; raises NothingToShow if there is nothing to detect."""
    rows = [(item, member) for item in items for member in item.runs if member.run.name in item.densities]
    if not rows:
        raise NothingToShow("the experiment has no outliers")
    columns = max(len(item.sets) for item in items)
    made = style.figure(style.TEXT, 0.35 + 1.25 * len(rows))
    grid = made.subplots(len(rows), columns, squeeze=False)
    for line, (item, member) in zip(grid, rows, strict=True):
        for spare in line[len(item.sets) :]:
            spare.set_axis_off()
        for axes, name in zip(line, item.sets, strict=False):
            _panel(axes, item, member, name)
        which = f"{as_title(item.name)}\n" if len(items) > 1 else ""
        end = ended(member.outcomes[item.shown[member.run.name]]).removeprefix(", ")
        line[0].set_ylabel(f"{which}{member.run.label}{chr(10) if end else ''}{end}")
    for axes in grid[-1]:
        axes.set_xlabel("E(x)")
    handles, labels = grid[0][0].get_legend_handles_labels()
    made.legend(handles, labels, loc="outside upper right", ncols=2)
    return made


def note(items: list[Detected]) -> str:
    """How to read the figure."""
    return (
        "First seed; densities of the energy, each panel with its own scale, values beyond the range counted"
        " in the outermost bins. AUROC: probability that a test image has lower energy than an outlier; 0.5:"
        " the energy cannot tell"
    )


def _panel(axes: Axes, item: Detected, member: Measured, name: str) -> None:
    densities, edges = item.densities[member.run.name], item.edges[member.run.name]
    for label, key, colour in (("test images", "in", INSIDE), ("outliers", name, OUTSIDE)):
        look = {"facecolor": colour, "edgecolor": colour, "alpha": 0.5, "linewidth": 0.8}
        axes.stairs(densities[key], edges, fill=True, label=label, gid=f"{member.run.name} {key}", **look)
    area = member.metrics[item.shown[member.run.name]].get(f"ood_auroc_{name}")
    axes.set_title(f"{as_title(name)}\nAUROC {MISSING if area is None else format(area, '.3f')}", loc="left")
    axes.set_yticks([])
    axes.grid(False)
    axes.spines.left.set_visible(False)
    axes.locator_params(axis="x", nbins=3)
