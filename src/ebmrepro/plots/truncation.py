"""The KL term's gradient through the last steps of the chain against that through all of them."""

from collections import Counter

from matplotlib.figure import Figure

from ebmrepro.plots import curves, energy_gap, style
from ebmrepro.shown.data import NothingToShow, as_title, by_dataset
from ebmrepro.shown.loaders.train import Curves


def draw(runs: list[Curves]) -> Figure:
    """For each data set the cosine of the two gradients, and beside it the energy gap of all runs.

    Raises NothingToShow if no run has compared the two.
    """
    groups = {
        dataset: members
        for dataset, members in by_dataset(runs).items()
        if any(_compared(member) for member in members)
    }
    if not groups:
        raise NothingToShow("no run of the experiment has compared truncated and full gradients")
    made = style.figure(style.TEXT, 2.0 * len(groups))
    grid = made.subplots(len(groups), 2, squeeze=False)
    for (left, right), (dataset, members) in zip(grid, groups.items(), strict=True):
        _cosines(left, as_title(dataset), [member for member in members if _compared(member)])
        energy_gap.panel(right, "energy gap", [m for m in members if curves.has(m, "energy_gap")])
    return made


def note(runs: list[Curves]) -> str:
    """How to read the figure."""
    compared = [run.run.label for run in runs if _compared(run)]
    diverged = curves.divergence_note({run.run.name: dict(run.outcomes) for run in runs})
    return (
        "Left: cosine between the gradients of the KL term through the last steps and through all steps of"
        f" one chain, at each logged iteration of {'; '.join(compared)}; 1: they point the same way. Right:"
        f" energy gap of all runs. {curves.NOTE}. {diverged}"
    )


def _cosines(axes, title: str, members: list[Curves]) -> None:
    position: Counter = Counter()
    lowest = 0.0
    for member in members:
        kind = member.run.method
        table = curves.by_seed(member.log, "kl_cosine")
        curves.draw(
            axes, table, dict(member.outcomes), member.run.label, style.line_style(kind, position[kind])
        )
        position[kind] += 1
        lowest = min(lowest, float(table.min().min()))
    axes.axhline(1, color="black", linewidth=0.5, zorder=0)
    axes.set_ylim(1.05 * lowest, 1.05)
    axes.set_title(title, loc="left")
    axes.set_xlabel("iteration")
    axes.set_ylabel("cosine to the full gradient")
    axes.legend(loc="lower right")


def _compared(run: Curves) -> bool:
    return curves.has(run, "kl_cosine")
