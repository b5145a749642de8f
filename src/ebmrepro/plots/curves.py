"""Training curves over seeds: every seed thin, their mean thick, divergence marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ebmrepro.plots import style
from ebmrepro.shown.runs import Outcome

if TYPE_CHECKING:
    from ebmrepro.shown.loaders.sample import SampledSeeds
    from ebmrepro.shown.loaders.train import Curves

NOTE = "Thin lines are single seeds, thick lines their mean as long as every seed trains"
CROSS = {"marker": "x", "markersize": 6, "markeredgewidth": 1.6, "clip_on": False, "zorder": 5}


def logged(*columns: str) -> Callable[[Curves], bool]:
    """Tells whether any seed of a run logged each of `columns`."""
    return lambda run: all(column in run.log and run.log[column].notna().any() for column in columns)


def by_seed(log: pd.DataFrame, column: str) -> pd.DataFrame:
    """`column` as a table (iteration x seed) of finite values; NaN where a seed has none."""
    table = log.pivot(index="iteration", columns="seed", values=column).astype(float)
    return table.where(np.isfinite(table))


def draw(axes: Axes, table: pd.DataFrame, outcomes: Mapping[int, Outcome], label: str, look: dict) -> None:
    """Draw `table` (iteration x seed); a cross ends the line of each diverged seed."""
    for seed in table.columns:
        line = table[seed].dropna()
        axes.plot(line.index, line, **look, linewidth=0.5, alpha=0.45, gid=f"{label} seed {seed}")
        if outcomes[seed].diverged_at is not None and len(line):
            end = {"color": look["color"], "linestyle": "none", "gid": f"{label} seed {seed} diverged"}
            axes.plot(line.index[-1], line.iloc[-1], **CROSS, **end)
    mean = table.dropna().mean(axis=1)
    axes.plot(mean.index, mean, **look, label=label, gid=f"{label} mean")


def draw_runs(
    axes: Axes, runs: list[Curves], column: str, name: Callable[[Curves], str] = lambda run: run.run.label
) -> list[pd.DataFrame]:
    """Draw `column` of every run in the look of its method, and give the tables drawn."""
    position: Counter = Counter()
    tables = []
    for run in runs:
        look = style.line_style(run.run.method, position[run.run.method])
        position[run.run.method] += 1
        tables.append(by_seed(run.log, column))
        draw(axes, tables[-1], run.outcomes, name(run), look)
    axes.set_xlabel("iteration")
    return tables


def panel(axes: Axes, runs: list[Curves], column: str, label: str, title: str, **names) -> None:
    """`draw_runs` about 0; on a symmetric logarithmic scale if values are far larger than is typical."""
    tables = draw_runs(axes, runs, column, **names)
    sizes = np.concatenate([table.abs().to_numpy().ravel() for table in tables])
    sizes = sizes[np.isfinite(sizes)]
    typical = float(np.median(sizes))
    # Else a transient or a divergence would hide the rest.
    if typical > 0 and sizes.max() > 100 * typical:
        axes.set_yscale("symlog", linthresh=float(f"{10 * typical:.0e}"))
    axes.axhline(0, color="black", linewidth=0.5, zorder=0)
    axes.set_ylabel(label)
    axes.set_title(title, loc="left")


def divergence_note(runs: Iterable[Curves | SampledSeeds]) -> str:
    """Which seeds of which run diverged, and when."""
    parts = [
        f"{run.run.name} seed {seed} at iteration {outcome.diverged_at} ({outcome.cause})"
        for run in runs
        for seed, outcome in run.outcomes.items()
        if outcome.diverged_at is not None
    ]
    return f"Crosses end the lines of diverged seeds: {'; '.join(parts)}" if parts else "No seed diverged"
