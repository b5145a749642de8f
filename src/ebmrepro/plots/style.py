"""What figures share: their look, whom they can show, and how one becomes the same bytes every time."""

import io
import math
import textwrap
from collections.abc import Callable
from functools import partial

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from ebmrepro.params.methods import methods
from ebmrepro.shown.runs import some

# Widths in inches of one column and of the text block of a two-column conference page.
COLUMN, TEXT = 3.25, 6.75
PNG_DPI = 200
GREY = "#555555"
DASHES = ("-", "--", ":", "-.")

SETTINGS = {
    "font.family": "DejaVu Sans",
    "font.size": 7,
    "axes.titlesize": 7.5,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.linewidth": 0.3,
    "grid.color": "#cccccc",
    "lines.linewidth": 1.4,
    "legend.fontsize": 6.5,
    "legend.frameon": False,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "pdf.fonttype": 42,
}
# The style, whatever matplotlibrc the machine has; draw and render inside `with applied():`.
applied = partial(matplotlib.style.context, SETTINGS, after_reset=True)
# A figure, and how to read it.
Drawing = tuple[Figure, str]


def figure(width: float, height: float) -> Figure:
    """An empty figure in inches, drawn by Agg, laid out around what it will hold."""
    made = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(made)
    return made


def panels(count: int, height: float) -> tuple[Figure, list[Axes]]:
    """A figure of `count` panels of `height` inches: one in a column, more across the text."""
    columns = 1 if count == 1 else 2 if count in (2, 4) else 3
    return grid(count, columns, COLUMN if count == 1 else TEXT, [height] * -(-count // columns))


def grid(count: int, across: int, width: float, heights: list[float]) -> tuple[Figure, list[Axes]]:
    """A figure of `count` axes, `across` of them in a line, with the heights of the lines in inches."""
    made = figure(width, math.fsum(heights))
    axes = list(made.subplots(len(heights), across, squeeze=False, height_ratios=heights).flat)
    for spare in axes[count:]:
        spare.set_axis_off()
    return made, axes[:count]


def suited(runs: list, suits: Callable[..., bool], otherwise: str, without: str) -> tuple[list, str]:
    """The runs that suit, and the rest's names after `without`; NothingToShow(otherwise) if none suits."""
    rest = ", ".join(run.run.name for run in runs if not suits(run))
    absent = f"{without}, so not shown: {rest}." if rest else ""
    return some([run for run in runs if suits(run)], otherwise), absent


def line_style(method: str, position: int) -> dict:
    """Colour by method; the `position`-th run with one method differs by dashes, then by lightness."""
    own = methods()[method]
    turn, dash = divmod(position, len(DASHES))
    white = 1 - 0.6**turn
    shade = tuple(part + white * (1 - part) for part in to_rgb(own.colour))
    return {"color": to_hex(shade), "linestyle": DASHES[(DASHES.index(own.dash) + dash) % len(DASHES)]}


def add_footer(made: Figure, text: str) -> None:
    """The caption, small, below everything else, wrapped to the figure's width; the figure grows for it."""
    width, height = made.get_size_inches()
    # At 5.5 pt a character of the text font is about 0.042 inches wide.
    lines = textwrap.wrap(text, int(width / 0.042))
    made.set_size_inches(width, height + 0.1 * len(lines) + 0.08)
    made.supxlabel("\n".join(lines), x=0.01, ha="left", fontsize=5.5, color=GREY)


def render(made: Figure, caption: str, note: str) -> dict[str, bytes]:
    """The figure as {suffix: bytes}, `caption` and `note` their metadata: no date, no version, no host."""
    pdf = {"Title": caption, "Keywords": note, "CreationDate": None, "Creator": None, "Producer": None}
    png = {"Title": caption, "Description": note, "Software": None}
    files = {}
    for suffix, metadata in ((".pdf", pdf), (".png", png)):
        buffer = io.BytesIO()
        made.savefig(buffer, format=suffix[1:], dpi=PNG_DPI, metadata=metadata)
        files[suffix] = buffer.getvalue()
    return files
