"""Training losses: what each method minimises, and beside it the part that they have in common."""

from collections import Counter

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ebmrepro.params.methods import methods
from ebmrepro.plots import curves, style
from ebmrepro.shown.data import NothingToShow, as_title, by_dataset
from ebmrepro.shown.loaders.train import Curves


def draw(runs: list[Curves]) -> Figure:
    """A row for each data set: the minimised losses of all runs, and L_CD of those that have it.

    Raises NothingToShow if no run has logged its loss.
    """
    groups = by_dataset(run for run in runs if curves.has(run, "loss"))
    if not groups:
        raise NothingToShow("no run of the experiment has logged its loss")
    made = style.figure(style.TEXT, 2.2 * len(groups))
    grid = made.subplots(len(groups), 2, squeeze=False)
    for (left, right), (dataset, members) in zip(grid, groups.items(), strict=True):
        _panel(left, members, "loss", "minimised loss")
        left.set_title(f"{as_title(dataset)}: different functions", loc="left")
        common = [member for member in members if curves.has(member, "loss_cd")]
        if not common:
            right.set_axis_off()
            continue
        _panel(right, common, "loss_cd", "L_CD = E⁺ − E⁻")
        right.set_title("common part", loc="left")
    return made


def note(runs: list[Curves]) -> str:
    """How to read the figure."""
    shown = [run for run in runs if curves.has(run, "loss")]
    present = [methods()[key] for key in dict.fromkeys(run.run.method for run in shown)]
    losses = [f"{method.symbol} of {method.label}" for method in present if method.symbol]
    what = f" ({', '.join(losses)})" if losses else ""
    diverged = curves.divergence_note({run.run.name: dict(run.outcomes) for run in shown})
    return (
        f"Left: what each method minimises{what}. These are different functions of the energy: a lower curve"
        " does not mean a better fit. Right: L_CD, the part that they have"
        f" in common. {curves.NOTE}. {diverged}"
    )


def _panel(axes: Axes, members: list[Curves], column: str, label: str) -> None:
    position: Counter = Counter()
    spread = []
    for member in members:
        method = member.run.method
        table = curves.by_seed(member.log, column)
        look = style.line_style(method, position[method])
        position[method] += 1
        name = member.run.label
        symbol = methods()[method].symbol
        if column == "loss" and symbol:
            name = f"{name}: {symbol}"
        curves.draw(axes, table, dict(member.outcomes), name, look)
        spread.append(table.abs().to_numpy().ravel())
    curves.scale(axes, np.concatenate(spread))
    axes.axhline(0, color="black", linewidth=0.5, zorder=0)
    axes.set_xlabel("iteration")
    axes.set_ylabel(label)
    axes.legend()
