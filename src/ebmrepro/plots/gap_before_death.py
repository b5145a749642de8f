"""Energy gap E+ - E- over the last iterations before a training died, aligned at its death."""

from collections import Counter

import numpy as np

from ebmrepro.plots import curves, style
from ebmrepro.plots.survival_curves import legend
from ebmrepro.shown.loaders.train import Curves
from ebmrepro.shown.runs import some

# Iterations before death.
SPAN = 100


def draw(runs: list[Curves]) -> style.Drawing:
    """One panel; NothingToShow if no seed that has negative samples died."""
    aligned = {run.run.name: before_death(run) for run in runs}
    shown = some([run for run in runs if len(aligned[run.run.name])], "no seed with an energy gap has died")
    made, (axes,) = style.grid(1, 1, style.TEXT, [2.2])
    position: Counter = Counter()
    counts, largest = [], []
    for run in shown:
        gaps, name = aligned[run.run.name], run.place.words
        look = style.line_style(run.run.method, position[run.run.method])
        position[run.run.method] += 1
        at = np.arange(-SPAN, 1)
        # Where no seed had begun yet there is nothing to take the median of.
        present = np.isfinite(gaps).any(0)
        low, middle, high = np.nanpercentile(gaps[:, present], (25, 50, 75), axis=0)
        axes.fill_between(at[present], low, high, color=look["color"], alpha=0.15, linewidth=0)
        axes.plot(at[present], middle, **look, label=name, gid=name)
        counts.append(f"{name}: {len(gaps)} of {len(run.outcomes)}")
        largest.append(np.abs([low, high]).ravel())
    sizes = np.concatenate(largest)
    if (typical := float(np.median(sizes))) > 0 and sizes.max() > 20 * typical:
        axes.set_yscale("symlog", linthresh=float(f"{4 * typical:.0e}"))
    axes.axhline(0, color="black", linewidth=0.5, zorder=0)
    axes.set(xlabel="iterations before death", ylabel="E⁺ − E⁻", xlim=(-SPAN, 0))
    legend(made)
    return made, (
        "Median and quartiles over the seeds that died, each a straight line between its logged iterations;"
        f" only the last is one at which nothing was learned any more. Seeds: {'; '.join(counts)}"
    )


def before_death(run: Curves) -> np.ndarray:
    """(seeds that died, SPAN + 1): the gap at -SPAN..0 iterations from death, NaN before training began."""
    table = curves.by_seed(run.log, "energy_gap")
    found = []
    for seed, end in run.outcomes.items():
        gap = table[seed].dropna()
        if end.death and len(gap):
            places = np.arange(-SPAN, 1) + end.death[0]
            found.append(np.interp(places, gap.index, gap, left=np.nan))
    return np.array(found).reshape(-1, SPAN + 1)
