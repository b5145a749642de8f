"""Energies of a data set's own test images against those of out-of-distribution images."""

from matplotlib.axes import Axes

from ebmrepro.plots import style
from ebmrepro.shown.loaders.detect import Detected
from ebmrepro.shown.loaders.evaluate import Measured
from ebmrepro.shown.runs import as_title, ended, some
from ebmrepro.tables.table import MISSING

HOW = (
    "First seed; densities of the energy, each panel with its own scale, values beyond the range counted in"
    " the outermost bins. AUROC: probability that a test image has lower energy than an image out of"
    " distribution; 0.5: the energy cannot tell"
)


def draw(items: list[Detected]) -> style.Drawing:
    """Rows are runs, columns other sets, those of all items wrapped; NothingToShow if there is none."""
    panels: dict[str, list[tuple[Detected, Measured, str]]] = {}
    for item in items:
        for member in item.runs:
            panels.setdefault(member.run.name, []).extend((item, member, name) for name in item.sets)
    some(panels, "the experiment has no out-of-distribution images")
    columns = max(len(item.sets) for item in items)
    rows = [run[start : start + columns] for run in panels.values() for start in range(0, len(run), columns)]
    made = style.figure(style.TEXT, 0.35 + 1.25 * len(rows))
    grid = made.subplots(len(rows), columns, squeeze=False)
    for line, row in zip(grid, rows, strict=True):
        for spare in line[len(row) :]:
            spare.set_axis_off()
        for axes, panel in zip(line, row, strict=False):
            _panel(axes, *panel)
        item, member, _ = row[0]
        if row[0] is panels[member.run.name][0]:
            end = ended(member.outcomes[item.shown[member.run.name]]).replace(", ", "\n", 1)
            # A panel is too low for a long name in one line.
            line[0].set_ylabel(member.run.label.replace(", ", ",\n") + end)
    for axes in grid[-1]:
        axes.set_xlabel("E(x)")
    made.legend(*grid[0][0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
    return made, HOW


def _panel(axes: Axes, item: Detected, member: Measured, name: str) -> None:
    arrays = item.arrays[member.run.name]
    for label, key, colour in (("test images", "in", style.GREY), ("out of distribution", name, "#E69F00")):
        look = {"facecolor": colour, "edgecolor": colour, "alpha": 0.5, "linewidth": 0.8}
        histogram, gid = arrays[f"histogram/{key}"], f"{member.run.name} {key}"
        axes.stairs(histogram, arrays["edges"], fill=True, label=label, gid=gid, **look)
    area = member.metrics[item.shown[member.run.name]].get(f"ood_auroc_{name}")
    axes.set_title(f"{as_title(name)}\nAUROC {MISSING if area is None else format(area, '.3f')}", loc="left")
    axes.set_yticks([])
    axes.grid(False)
    axes.spines.left.set_visible(False)
    axes.locator_params(axis="x", nbins=3)
