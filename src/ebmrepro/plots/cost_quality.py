"""What a training step costs against how well the model fits, method by method."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullFormatter

from ebmrepro.params.methods import methods
from ebmrepro.plots import style
from ebmrepro.shown import quality
from ebmrepro.shown.data import as_title, by_dataset, some
from ebmrepro.shown.loaders.compare import Compared
from ebmrepro.shown.loaders.evaluate import Measured
from ebmrepro.shown.quality import of_data, shared
from ebmrepro.tables.rows import diverged_at
from ebmrepro.tables.table import mean_sd

SMALLEST, LARGEST = 3.5, 8.0
# How the marks of one method's runs on a data set differ.
FILLS = {"full": "filled", "none": "hollow", "left": "left half", "right": "right half"}


def draw(items: list[Compared]) -> Figure:
    """A panel for each data set whose runs share a measure, a mark for each run; NothingToShow if none.

    A run whose seeds all diverged has no mark.
    """
    members = [member for item in items for member in item.runs]
    groups = {
        dataset: (measure, found)
        for dataset, found in by_dataset(members).items()
        if (measure := shared(found, (*quality.FITS, *quality.OF_IMAGES))) is not None
    }
    some(groups, "the runs of the comparison share no likelihood and no divergence")
    sizes = _Sizes([_evaluations(member) for _, found in groups.values() for member in found])
    made, panels = style.panels(len(groups), 2.1)
    for axes, (dataset, (measure, found)) in zip(panels, groups.items(), strict=True):
        _panel(axes, found, measure, sizes)
        fills = {fill: _kind(member) for member in found for fill in [_fills(found)[member.run.name]]}
        kinds = [f"{FILLS[fill]}: {kind}" for fill, kind in fills.items() if fill != "full"]
        axes.set_title("; ".join([as_title(dataset), *kinds]), loc="left")
    present = {member.run.method for member in members}
    handles = [_mark(m.colour, m.marker, 5.5, m.label) for m in methods().values() if m.key in present]
    handles += [_mark(style.GREY, "o", sizes(count), f"{count:.3g} evaluations") for count in sizes.examples]
    made.legend(handles=handles, loc="outside upper center", ncols=min(7, len(handles)))
    return made


def note(items: list[Compared]) -> str:
    """How to read the figure."""
    devices = ", ".join(dict.fromkeys(item.device for item in items))
    members = [member for item in items for member in item.runs]
    lost = [member.run.name for member in members if len(diverged_at(member)) == len(member.outcomes)]
    return (
        "Mean and sample standard deviation over the seeds that finished. The arrow at each axis points to"
        " where it is better; dashed: what the data themselves reach, where it is known. The larger a mark,"
        " the more network evaluations (forward and backward, in units of one batch) a training step needs."
        f" Timed on {devices}, all methods in turns{'. No seed finished: ' if lost else ''}"
        f"{', '.join(lost)}"
    )


class _Sizes:
    """Marker sizes in points, by the logarithm of the network evaluations; None has the smallest."""

    def __init__(self, counts: list[float | None]):
        known = [count for count in counts if count]
        self.low, self.high = (min(known), max(known)) if known else (1.0, 1.0)
        middle = float(np.sqrt(self.low * self.high))
        self.examples = list(dict.fromkeys((self.low, middle, self.high))) if known else []

    def __call__(self, count: float | None) -> float:
        if not count or self.high <= self.low:
            return SMALLEST
        share = np.log(count / self.low) / np.log(self.high / self.low)
        return SMALLEST + (LARGEST - SMALLEST) * float(share)


def _panel(axes: Axes, members: list[Measured], measure: quality.Measure, sizes: _Sizes) -> None:
    fills = _fills(members)
    for member in members:
        method, diverged = methods()[member.run.method], diverged_at(member)
        finished = [metrics for seed, metrics in member.metrics.items() if seed not in diverged]
        x, x_error = mean_sd(1000 * m["seconds_per_step"] for m in finished if m.get("seconds_per_step"))
        y, y_error = mean_sd(metrics.get(measure.metric) for metrics in finished)
        if x is None or y is None:
            continue
        axes.errorbar(
            x,
            y,
            # A logarithmic axis has no place for a bar that reaches 0.
            xerr=None if x_error is None else [[min(x_error, 0.9 * x)], [x_error]],
            yerr=y_error,
            color=method.colour,
            marker=method.marker,
            markersize=sizes(_evaluations(member)),
            **_look(fills[member.run.name], method.colour),
            elinewidth=0.8,
            linestyle="none",
            gid=member.run.name,
        )
    axes.set_xscale("log")
    axes.set_xticks(*_ticks(*axes.get_xlim()))
    reference = of_data(measure, members)
    if reference is not None:
        axes.axhline(reference, color=style.GREY, linewidth=0.8, linestyle="--", zorder=0, gid="reference")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set(xlabel="milliseconds per step", ylabel=measure.words)


def _fills(members: list[Measured]) -> dict[str, str]:
    """The fill of each run's mark, which says what its colour and form, those of the method, do not."""
    if len({member.run.method for member in members}) == len(members):
        return dict.fromkeys((member.run.name for member in members), "full")
    kinds = list(dict.fromkeys(_kind(member) for member in members))
    return {member.run.name: list(FILLS)[kinds.index(_kind(member)) % len(FILLS)] for member in members}


def _kind(member: Measured) -> str:
    return member.run.variant or member.run.label


def _look(fill: str, colour: str) -> dict:
    """Filled marks have a white edge, by which they stand out from each other; the others need their own."""
    edge = {"markeredgecolor": "white", "markeredgewidth": 0.4}
    return edge if fill == "full" else {"fillstyle": fill, "markeredgecolor": colour, "markeredgewidth": 1.0}


def _ticks(low: float, high: float) -> tuple[list[float], list[str]]:
    """1, 2, 5 times powers of ten between the ends of a logarithmic axis; evenly spaced if it is too short.

    Methods often lie within a factor of ten, where powers of ten alone would label nothing.
    """
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))))
    marks = [float(f"{step}e{power}") for power in powers for step in (1, 2, 5)]
    shown = [mark for mark in marks if low <= mark <= high]
    if len(shown) < 2:
        even = MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(low, high)
        shown = [float(mark) for mark in even if low <= mark <= high]
    return shown, [f"{mark:.3g}" for mark in shown]


def _evaluations(member: Measured) -> float | None:
    """Forward and backward passes of a training step, in units of one batch."""
    passes = [
        mean_sd(metrics.get(key) for metrics in member.metrics.values())[0]
        for key in ("forward_passes", "backward_passes")
    ]
    return None if None in passes else sum(passes)


def _mark(colour: str, marker: str, size: float, label: str) -> Line2D:
    return Line2D([], [], color=colour, marker=marker, markersize=size, linestyle="none", label=label)
