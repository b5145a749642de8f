"""The KL term's gradient through the last steps of the chain against that through all of them."""

from ebmrepro.plots import curves, energy_gap, style
from ebmrepro.shown.loaders.train import Curves
from ebmrepro.shown.runs import as_title, by_dataset, some


def draw(runs: list[Curves]) -> style.Drawing:
    """A row for each data set: cosine of the gradients, energy gap; NothingToShow if none has the cosine."""
    compared, with_gap = curves.logged("kl_cosine"), curves.logged("energy_gap")
    groups = {name: members for name, members in by_dataset(runs).items() if any(map(compared, members))}
    some(groups, "no run of the experiment has compared truncated and full gradients")
    made = style.figure(style.TEXT, 2.0 * len(groups))
    grid = made.subplots(len(groups), 2, squeeze=False)
    for (left, right), (dataset, members) in zip(grid, groups.items(), strict=True):
        tables = curves.draw_runs(left, list(filter(compared, members)), "kl_cosine")
        lowest = min(0.0, min(float(table.min().min()) for table in tables))
        left.axhline(1, color="black", linewidth=0.5, zorder=0)
        left.set(ylim=(1.05 * lowest, 1.05), ylabel="cosine to the full gradient")
        left.set_title(as_title(dataset), loc="left")
        left.legend(loc="lower right")
        energy_gap.panel(right, "energy gap", list(filter(with_gap, members)))
    labels = "; ".join(run.run.label for run in filter(compared, runs))
    return made, (
        "Left: cosine between the gradients of the KL term through the last steps and through all steps of"
        f" one chain, at each logged iteration of {labels}; 1: they point the same way. Right: energy gap"
        f" of all runs. {curves.NOTE}. {curves.divergence_note(runs)}"
    )
