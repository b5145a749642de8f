"""Energy gap E⁺ − E⁻ over training: near 0 while training is stable."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ebmrepro.plots import curves, style
from ebmrepro.shown.data import as_title, by_dataset, some
from ebmrepro.shown.loaders.train import Curves

# In one panel, before its lines cannot be told apart.
MOST_RUNS = 4


def draw(runs: list[Curves]) -> Figure:
    """One panel for each data set with every run that has negatives; raises NothingToShow if none has.

    A data set with more runs than a panel can show has one for each variant, with the methods in it.
    """
    shown = by_dataset(run for run in runs if curves.has(run, "energy_gap"))
    some(shown, "no run of the experiment has an energy gap: none has negative samples")
    groups = {}
    for dataset, members in shown.items():
        for member in members:
            variant = f" {member.run.variant or '(plain)'}" if len(members) > MOST_RUNS else ""
            groups.setdefault(as_title(dataset) + variant, []).append(member)
    made, panels = style.panels(len(groups), 2.0)
    for axes, (title, members) in zip(panels, groups.items(), strict=True):
        panel(axes, title, members)
    return made


def panel(axes: Axes, title: str, members: list[Curves]) -> None:
    """The energy gap of the runs of one data set, every one of which has negatives."""
    curves.panel(axes, members, "energy_gap", "E⁺ − E⁻")
    axes.set_title(title, loc="left")
    below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.22), "ncols": 2}
    axes.legend(**(below if len(members) > MOST_RUNS else {}))


def note(runs: list[Curves]) -> str:
    """How to read the figure."""
    without = [run.run.name for run in runs if not curves.has(run, "energy_gap")]
    absent = f" Without negative samples, so not shown: {', '.join(without)}." if without else ""
    return f"{curves.NOTE}.{absent} {curves.divergence_note(runs)}"
