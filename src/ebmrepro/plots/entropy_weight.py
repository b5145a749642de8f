"""How good a model is against the weight of the entropy term that it was trained with."""

import math

from matplotlib.axes import Axes

from ebmrepro.params.methods import methods
from ebmrepro.plots import style
from ebmrepro.shown.loaders.evaluate import Measured
from ebmrepro.shown.quality import FITS, OF_IMAGES, Measure, shared
from ebmrepro.shown.runs import as_title, by_dataset, some
from ebmrepro.tables.entropy_weight import CONSISTENT
from ebmrepro.tables.rows import diverged_at, finished, switched
from ebmrepro.tables.table import mean_sd

# The authors' code (train.py).
PUBLISHED = 0.3


def draw(runs: list[Measured]) -> style.Drawing:
    """A panel for each data set with an entropy term whose runs share a measure, or NothingToShow."""
    groups = {
        dataset: (measure, members)
        for dataset, members in by_dataset(runs).items()
        if any(switched(member, "entropy_weight") for member in members)
        and (measure := shared(members, (*FITS, *OF_IMAGES))) is not None
    }
    some(groups, "runs with an entropy term share no likelihood and no distance of images with the others")
    made, panels = style.panels(len(groups), 2.3)
    for axes, (dataset, (measure, members)) in zip(panels, groups.items(), strict=True):
        _panel(axes, measure, members)
        axes.set_title(as_title(dataset), loc="left")
    handles = {
        label: handle
        for axes in panels
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    made.legend(handles.values(), handles, loc="outside upper center", ncols=min(4, len(handles)))
    lost = "; ".join(
        f"{member.run.name} seed {seed} at {at}"
        for member in runs
        for seed, at in diverged_at(member).items()
    )
    return made, (
        "Dots are seeds that finished, marks and bars their mean and sample standard deviation; a method"
        " without an entropy term has a horizontal line, shaded as far as its standard deviation. The axis of"
        " weights is logarithmic but for 0, and the dotted line is the authors' weight, 0.3."
        f" {CONSISTENT}. {f'Diverged: {lost}' if lost else 'No seed diverged'}"
    )


def _panel(axes: Axes, measure: Measure, members: list[Measured]) -> None:
    """The runs of one data set, by their weights."""
    weights = {member.run.name: switched(member, "entropy_weight") for member in members}
    means = {}
    for member in members:
        weight, method = weights[member.run.name], methods()[member.run.method]
        found = [metrics.get(measure.metric) for metrics in finished(member)]
        values = [value for value in found if value is not None]
        mean, sd = mean_sd(values)
        if mean is None:
            continue
        if weight is None:
            axes.axhline(mean, color=method.colour, linestyle=method.dash, label=member.run.label)
            axes.axhspan(mean - (sd or 0), mean + (sd or 0), color=method.colour, alpha=0.12, linewidth=0)
            continue
        means[weight] = mean
        look = {"color": method.colour, "linestyle": "none", "label": method.label, "gid": member.run.name}
        axes.plot([weight] * len(values), values, ".", color=method.colour, markersize=3, alpha=0.5)
        axes.errorbar(weight, mean, sd, marker=method.marker, markersize=5, capsize=2, elinewidth=0.8, **look)
    axes.plot(
        sorted(means), [means[weight] for weight in sorted(means)], color=style.GREY, linewidth=0.8, zorder=1
    )
    axes.axvline(PUBLISHED, color=style.GREY, linestyle=":", linewidth=0.9, zorder=0)
    _scale(axes, [weight for weight in weights.values() if weight])
    axes.set(xlabel="weight of the entropy term", ylabel=measure.words)


def _scale(axes: Axes, positive: list[float]) -> None:
    """Logarithmic from the least of the `positive` weights on, with a decade's room for 0 below."""
    least, most = min(positive), max(*positive, PUBLISHED)
    axes.set_xscale("symlog", linthresh=least, linscale=0.5)
    powers = range(math.ceil(math.log10(least)), math.floor(math.log10(most)) + 1)
    axes.set_xticks([0.0, *(10.0**power for power in powers)])
    axes.set_xticks([], minor=True)
    axes.set_xlim(-0.3 * least, 2 * most)
