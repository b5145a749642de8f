"""Training losses: what each method minimises, and beside it the part that they have in common."""

from ebmrepro.params.methods import methods
from ebmrepro.plots import curves, style
from ebmrepro.shown.loaders.train import Curves
from ebmrepro.shown.runs import as_title, by_dataset, some


def draw(runs: list[Curves]) -> style.Drawing:
    """A row for each data set: the losses of all runs, L_CD of those that have it; NothingToShow if none."""
    shown = list(filter(curves.logged("loss"), runs))
    groups = by_dataset(some(shown, "no run of the experiment has logged its loss"))
    made = style.figure(style.TEXT, 2.2 * len(groups))
    grid = made.subplots(len(groups), 2, squeeze=False)
    for (left, right), (dataset, members) in zip(grid, groups.items(), strict=True):
        title = f"{as_title(dataset)}: different functions"
        curves.panel(left, members, "loss", "minimised loss", title, name=_with_symbol)
        left.legend()
        common = list(filter(curves.logged("loss_cd"), members))
        if not common:
            right.set_axis_off()
            continue
        curves.panel(right, common, "loss_cd", "L_CD = E⁺ − E⁻", "common part")
        right.legend()
    present = [methods()[key] for key in dict.fromkeys(run.run.method for run in shown)]
    losses = ", ".join(f"{method.symbol} of {method.label}" for method in present if method.symbol)
    return made, (
        f"Left: what each method minimises{f' ({losses})' if losses else ''}. These are different functions"
        " of the energy: a lower curve does not mean a better fit. Right: L_CD, the part that they have in"
        f" common. {curves.NOTE}. {curves.divergence_note(shown)}"
    )


def _with_symbol(run: Curves) -> str:
    symbol = methods()[run.run.method].symbol
    return f"{run.run.label}: {symbol}" if symbol else run.run.label
