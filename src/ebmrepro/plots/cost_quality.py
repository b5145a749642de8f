"""What a training step costs against how well the model fits, method by method."""

from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullFormatter

from ebmrepro.params.methods import methods
from ebmrepro.plots import style
from ebmrepro.shown.loaders.compare import Compared
from ebmrepro.shown.loaders.evaluate import Measured
from ebmrepro.shown.quality import FITS, OF_IMAGES, Measure, of_data, shared
from ebmrepro.shown.runs import as_title, by_dataset, some
from ebmrepro.tables.rows import finished
from ebmrepro.tables.table import mean_sd

SMALLEST, LARGEST = 3.5, 8.0
# On a linear axis all marks but one lie on one line if the one is so many times the others.
ORDERS = 30.0
# How the marks of one method's runs on a data set differ.
FILLS = {"full": "filled", "none": "hollow", "left": "left half", "right": "right half"}


def draw(items: list[Compared]) -> style.Drawing:
    """A panel for each data set whose runs share a measure; NothingToShow if there is none."""
    everyone = [member for item in items for member in item.runs]
    groups = {
        dataset: (measure, members)
        for dataset, members in by_dataset(everyone).items()
        if (measure := shared(members, (*FITS, *OF_IMAGES))) is not None
    }
    some(groups, "the runs of the comparison share no likelihood and no divergence")
    counts = [count for _, found in groups.values() for one in found if (count := _evaluations(one))]
    low, high = (min(counts), max(counts)) if counts else (1.0, 1.0)
    size = partial(_size, low=low, high=high)
    made, panels = style.panels(len(groups), 2.1)
    for axes, (dataset, (measure, members)) in zip(panels, groups.items(), strict=True):
        fills = _fills(members)
        logarithmic = _orders_apart(measure, members)
        for member in members:
            _draw_run(axes, member, measure, size(_evaluations(member)), fills[member.run.name], logarithmic)
        axes.set_xscale("log")
        axes.set_xticks(*_ticks(*axes.get_xlim()))
        known = of_data(measure, members)
        axes.set_yscale("log" if logarithmic else "linear")
        if known is not None and (known > 0 or not logarithmic):
            axes.axhline(known, color=style.GREY, linewidth=0.8, linestyle="--", zorder=0, gid="reference")
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set(xlabel="milliseconds per step", ylabel=measure.words)
        kinds = {fills[member.run.name]: _kind(member) for member in members}
        words = [f"{FILLS[fill]}: {kind}" for fill, kind in kinds.items() if fill != "full"]
        axes.set_title("; ".join([as_title(dataset), *words]), loc="left")
    present = {member.run.method for member in everyone}
    handles = [_mark(m.colour, m.marker, 5.5, m.label) for m in methods().values() if m.key in present]
    examples = dict.fromkeys((low, float(np.sqrt(low * high)), high)) if counts else {}
    handles += [_mark(style.GREY, "o", size(count), f"{count:.3g} evaluations") for count in examples]
    made.legend(handles=handles, loc="outside upper center", ncols=min(7, len(handles)))
    devices = ", ".join(dict.fromkeys(item.device for item in items))
    lost = ", ".join(member.run.name for member in everyone if not finished(member))
    return made, (
        "Mean and sample standard deviation over the seeds that finished. The arrow at each axis points to"
        " where it is better; dashed: what the data themselves reach, where it is known and the axis has it."
        " Quality has a logarithmic axis where its values are orders of magnitude apart. The larger a mark,"
        " the more network evaluations (forward and backward, in units of one batch) a training step needs."
        f" Timed on {devices}, all methods in turns{f'. No seed finished: {lost}' if lost else ''}"
    )


def _draw_run(
    axes: Axes, member: Measured, measure: Measure, size: float, fill: str, logarithmic: bool
) -> None:
    method, done = methods()[member.run.method], finished(member)
    x, x_error = mean_sd(1000 * m["seconds_per_step"] for m in done if m.get("seconds_per_step"))
    y, y_error = mean_sd(metrics.get(measure.metric) for metrics in done)
    if x is None or y is None:
        return
    # Filled marks have a white edge, by which they stand out from each other; the others need their own.
    look = {"markeredgecolor": "white", "markeredgewidth": 0.4}
    if fill != "full":
        look = {"fillstyle": fill, "markeredgecolor": method.colour, "markeredgewidth": 1.0}
    look |= {"color": method.colour, "marker": method.marker, "markersize": size, "gid": member.run.name}
    # A logarithmic axis has no place for a bar that reaches 0.
    x_bar = None if x_error is None else [[min(x_error, 0.9 * x)], [x_error]]
    y_bar = [[min(y_error, 0.9 * y)], [y_error]] if logarithmic and y_error is not None else y_error
    axes.errorbar(x, y, xerr=x_bar, yerr=y_bar, elinewidth=0.8, linestyle="none", **look)


def _orders_apart(measure: Measure, members: list[Measured]) -> bool:
    """Whether the values of the runs are positive and orders of magnitude apart."""
    means = [mean_sd(metrics.get(measure.metric) for metrics in finished(member))[0] for member in members]
    values = [mean for mean in means if mean is not None]
    return bool(values) and min(values) > 0 and max(values) > ORDERS * min(values)


def _size(count: float | None, low: float, high: float) -> float:
    """A marker's size in points, by the logarithm of the network evaluations; None has the smallest."""
    if not count or high <= low:
        return SMALLEST
    return SMALLEST + (LARGEST - SMALLEST) * float(np.log(count / low) / np.log(high / low))


def _fills(members: list[Measured]) -> dict[str, str]:
    """The fill of each run's mark, which says what its colour and form, those of the method, do not."""
    if len({member.run.method for member in members}) == len(members):
        return dict.fromkeys((member.run.name for member in members), "full")
    kinds = list(dict.fromkeys(_kind(member) for member in members))
    return {member.run.name: list(FILLS)[kinds.index(_kind(member)) % len(FILLS)] for member in members}


def _kind(member: Measured) -> str:
    return member.run.variant or member.run.label


def _ticks(low: float, high: float) -> tuple[list[float], list[str]]:
    """1, 2, 5 times powers of ten, as methods often lie within one; evenly spaced on too short an axis."""
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))))
    marks = [float(f"{step}e{power}") for power in powers for step in (1, 2, 5)]
    shown = [mark for mark in marks if low <= mark <= high]
    if len(shown) < 2:
        even = MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(low, high)
        shown = [float(mark) for mark in even if low <= mark <= high]
    return shown, [f"{mark:.3g}" for mark in shown]


def _evaluations(member: Measured) -> float | None:
    """Forward and backward passes of a training step, in units of one batch."""
    return mean_sd(metrics.get("network_evaluations") for metrics in member.metrics.values())[0]


def _mark(colour: str, marker: str, size: float, label: str) -> Line2D:
    return Line2D([], [], color=colour, marker=marker, markersize=size, linestyle="none", label=label)
