"""Do chains from one start separate, with augmentation transitions and without?"""

import numpy as np
import pandas as pd
from scipy.spatial.distance import pdist

from ebmrepro.plots import curves, style
from ebmrepro.plots.images import require_images
from ebmrepro.shown.loaders.sample import SampledSeeds
from ebmrepro.shown.runs import as_title

# Chains with transitions and without: name of the array, label, colour.
CHAINS = (("with_transitions", "with transitions", "#CC79A7"), ("without", "without", "#E69F00"))
ABOVE = {"xycoords": ("axes fraction", "data"), "xytext": (2, 2), "textcoords": "offset points"}
# Pairs grow with the square: as many independent samples are enough for the mean of their distances.
REFERENCE_SAMPLES = 500


def draw(runs: list[SampledSeeds]) -> style.Drawing:
    """One panel for each run that has long chains; raises NothingToShow if none has."""
    otherwise = "no run of the experiment has long chains"
    shown, absent = style.suited(
        runs, lambda run: all(one.long for one in run.seeds.values()), otherwise, "Without long chains"
    )
    made, panels = style.panels(len(shown), 2.0)
    for axes, member in zip(panels, shown, strict=True):
        for name, label, colour in CHAINS:
            look = {"color": colour, "linestyle": "-"}
            curves.draw(axes, _separation(member, name), member.outcomes, label, look)
        samples = [one.samples[:REFERENCE_SAMPLES] for one in member.seeds.values()]
        reference = float(np.mean([_mean_distance(images) for images in samples]))
        axes.axhline(reference, color=style.GREY, linewidth=0.8, linestyle="--", gid="reference")
        axes.annotate("independent samples", (0, reference), fontsize=6, color=style.GREY, **ABOVE)
        axes.set_ylim(0, 1.1 * max(reference, axes.get_ylim()[1]))
        axes.set_title(f"{as_title(member.run.dataset)}, {member.run.label}", loc="left")
        axes.set(xlabel="Langevin steps from the common start", ylabel="mean pairwise distance")
        axes.legend()
    # These lines do not end where training diverged.
    diverged = curves.divergence_note(shown).replace("end the", "mark the")
    return made, (
        "Euclidean distance of pixels in [0, 1] between chains that share a start, mean over the starts; the"
        " transitions come between rounds, right after every second frame. Dashed: the same among the run's"
        f" ordinary samples. Thin lines are single seeds, thick lines their mean. {absent} {diverged}"
    )


def _separation(run: SampledSeeds, name: str) -> pd.DataFrame:
    """Mean pairwise distance as a table (Langevin steps x seed)."""
    columns = {}
    for seed, one in run.seeds.items():
        frames = getattr(one.long, name)
        require_images(frames, run.run.name, "chain_separation")
        distances = [[_mean_distance(chains) for chains in frame] for frame in frames]
        columns[seed] = pd.Series(np.mean(distances, 1), one.long.steps)
    return pd.DataFrame(columns)


def _mean_distance(images: np.ndarray) -> float:
    # The same number as ebmrepro.evaluation.samples.diversity gives, from images as they are stored.
    return float(pdist(images.reshape(len(images), -1) / 255).mean())
