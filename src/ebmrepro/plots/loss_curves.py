"""Training losses: what each method minimises, and beside it the part that they have in common."""

from matplotlib.figure import Figure

from ebmrepro.params.methods import methods
from ebmrepro.plots import curves, style
from ebmrepro.shown.data import as_title, by_dataset, some
from ebmrepro.shown.loaders.train import Curves


def draw(runs: list[Curves]) -> tuple[Figure, str]:
    """A row for each data set: the minimised losses of all runs, and L_CD of those that have it.

    Beside it how to read it. Raises NothingToShow if no run has logged its loss.
    """
    shown = [run for run in runs if curves.has(run, "loss")]
    groups = by_dataset(some(shown, "no run of the experiment has logged its loss"))
    made = style.figure(style.TEXT, 2.2 * len(groups))
    grid = made.subplots(len(groups), 2, squeeze=False)
    for (left, right), (dataset, members) in zip(grid, groups.items(), strict=True):
        curves.panel(left, members, "loss", "minimised loss", name=_with_symbol)
        left.legend()
        left.set_title(f"{as_title(dataset)}: different functions", loc="left")
        common = [member for member in members if curves.has(member, "loss_cd")]
        if not common:
            right.set_axis_off()
            continue
        curves.panel(right, common, "loss_cd", "L_CD = E⁺ − E⁻")
        right.legend()
        right.set_title("common part", loc="left")
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
