"""Training curves over seeds: every seed thin, their mean thick, divergence marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ebmrepro.shown.data import Outcome

if TYPE_CHECKING:
    from ebmrepro.shown.loaders.train import Curves

NOTE = "Thin lines are single seeds, thick lines their mean as long as every seed trains"


def has(run: Curves, column: str) -> bool:
    """Whether any seed of the run logged `column`."""
    return column in run.log and bool(run.log[column].notna().any())


def by_seed(log: pd.DataFrame, column: str) -> pd.DataFrame:
    """`column` as a table (iteration x seed) of finite values; NaN where a seed has none."""
    table = log.pivot(index="iteration", columns="seed", values=column).astype(float)
    return table.where(np.isfinite(table))


def draw(axes: Axes, table: pd.DataFrame, outcomes: dict[int, Outcome], label: str, style: dict) -> None:
    """Draw `table` (iteration x seed); a cross ends the line of each diverged seed."""
    for seed in table.columns:
        line = table[seed].dropna()
        axes.plot(line.index, line, **style, linewidth=0.5, alpha=0.45, gid=f"{label} seed {seed}")
        if outcomes[seed].diverged_at is not None and len(line):
            axes.plot(
                line.index[-1],
                line.iloc[-1],
                marker="x",
                markersize=6,
                markeredgewidth=1.6,
                linestyle="none",
                color=style["color"],
                clip_on=False,
                zorder=5,
                gid=f"{label} seed {seed} diverged",
            )
    mean = table.dropna().mean(axis=1)
    axes.plot(mean.index, mean, **style, label=label, gid=f"{label} mean")


def scale(axes: Axes, sizes: np.ndarray) -> None:
    """A symmetric logarithmic scale for `sizes` that are hundreds of times larger than they typically are."""
    # Else a transient or a divergence would hide the rest.
    sizes = sizes[np.isfinite(sizes)]
    typical = float(np.median(sizes))
    if typical > 0 and sizes.max() > 100 * typical:
        axes.set_yscale("symlog", linthresh=float(f"{10 * typical:.0e}"))


def divergence_note(diverged: dict[str, dict[int, Outcome]]) -> str:
    """Which seeds of which run diverged, and when; '' if none did."""
    parts = [
        f"{run} seed {seed} at iteration {outcome.diverged_at} ({outcome.cause})"
        for run, outcomes in diverged.items()
        for seed, outcome in outcomes.items()
        if outcome.diverged_at is not None
    ]
    return f"Crosses end the lines of diverged seeds: {'; '.join(parts)}" if parts else "No seed diverged"
