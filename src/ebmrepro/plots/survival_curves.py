"""The share of seeds that still train after so many iterations (Kaplan-Meier)."""

import textwrap
from collections import Counter

import numpy as np
from matplotlib.figure import Figure

from ebmrepro.evaluation.survival import kaplan_meier
from ebmrepro.plots import style
from ebmrepro.shown.loaders.train import Curves

HOW = (
    "Kaplan-Meier estimate over the seeds: a curve falls where a seed dies, by divergence or because its"
    " replay buffer has left the data for good (at the end, if it never was near them); a vertical tick:"
    " training ended there and the seed lived."
    " Curves that lie on each other are moved apart by less than a line"
)
# Of the share, so that runs without a death are told apart.
APART = 0.006


def draw(runs: list[Curves]) -> style.Drawing:
    """One panel, a curve for each run."""
    made, (axes,) = style.grid(1, 1, style.TEXT, [2.2])
    position: Counter = Counter()
    counts = []
    for index, run in enumerate(runs):
        iterations, died = run.survived
        found = kaplan_meier(iterations, died)
        look = style.line_style(run.run.method, position[run.run.method])
        position[run.run.method] += 1
        lower = APART * index
        name = run.place.words
        times = np.concatenate([[0.0], found.quantiles])
        shares = np.concatenate([[1.0], found.probabilities]) - lower
        axes.step(times, shares, where="post", **look, label=name, gid=name)
        lived = [at for at, dead in zip(iterations, died, strict=True) if not dead]
        if lived:
            axes.plot(
                lived,
                found.evaluate(np.array(lived, float)) - lower,
                linestyle="none",
                marker="|",
                markersize=7,
                color=look["color"],
                gid=f"{name} lived",
            )
        counts.append(f"{name}: {sum(died)} of {len(died)}")
    axes.set(
        xlabel="iteration", ylabel="share of seeds alive", ylim=(-0.03 - APART * len(runs), 1.04), xlim=0
    )
    legend(made)
    return made, f"{HOW}. Died: {'; '.join(counts)}"


def legend(made: Figure) -> None:
    """The names of the curves, which may be long, to the right of the only panel."""
    handles, names = made.axes[0].get_legend_handles_labels()
    made.legend(handles, [textwrap.fill(name, 30) for name in names], loc="outside right center")
