"""Energy gap E⁺ − E⁻ over training: near 0 while training is stable."""

from matplotlib.axes import Axes

from ebmrepro.plots import curves, style
from ebmrepro.shown.loaders.train import Curves
from ebmrepro.shown.runs import as_title, by_dataset

# More lines in one panel could not be told apart.
MOST_RUNS = 4


def draw(runs: list[Curves]) -> style.Drawing:
    """A panel for each data set, or for each variant of many runs; NothingToShow if none has negatives."""
    otherwise = "no run of the experiment has an energy gap: none has negative samples"
    shown, absent = style.suited(runs, curves.logged("energy_gap"), otherwise, "Without negative samples")
    groups = {}
    for dataset, members in by_dataset(shown).items():
        for member in members:
            variant = f" {member.run.variant or '(plain)'}" if len(members) > MOST_RUNS else ""
            groups.setdefault(as_title(dataset) + variant, []).append(member)
    made, panels = style.panels(len(groups), 2.0)
    for axes, (title, members) in zip(panels, groups.items(), strict=True):
        panel(axes, title, members)
    return made, f"{curves.NOTE}. {absent} {curves.divergence_note(runs)}"


def panel(axes: Axes, title: str, members: list[Curves]) -> None:
    """The energy gap of the runs of one data set, every one of which has negatives."""
    curves.panel(axes, members, "energy_gap", "E⁺ − E⁻", title)
    below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.22), "ncols": 2}
    axes.legend(**(below if len(members) > MOST_RUNS else {}))
