"""Which runs can be trained: iterations survived, by architecture and KL term."""

import math

from ebmrepro.evaluation.survival import median_survival
from ebmrepro.shown.loaders.evaluate import Measured
from ebmrepro.shown.runs import NothingToShow, as_title
from ebmrepro.tables.rows import SURVIVED, Column, Words, identity, numbers_of, switch
from ebmrepro.tables.table import MISSING, Made, Table

BUILT_OF = {"Attention": "attention", "Normalisation": "normalise", "Spectral norm": "spectral_norm"}
ABOUT = [switch(heading, key) for heading, key in (BUILT_OF | {"KL term": "kl"}).items()]
# Columns of an ablation, whose runs the others do not tell apart.
ALSO = (switch("Augmentation", "augmentation"), switch("Multi-scale", "scales"))
DISTANCE = Column("final_buffer_distance", "Buffer from data ↓", every_seed=True)
RUN = Words("Run", lambda member: member.run.label)
HOW = (
    "A seed dies where it diverges, or from where on its replay buffer stays far from the data (collapsed; at"
    " the end, if it never was near)."
    " Median: the iteration by which half of the seeds have died (Kaplan-Meier); more than all if fewer have."
    " Mean ± sample standard deviation over all seeds, a seed that lived counting all its iterations. Buffer"
    " from data: their energy statistic in [0, 1] over the last tenth of training"
)


def make(runs: list[Measured]) -> Made:
    """A row for each run; augmentation and scales where the runs differ in them, and the run's label where
    two would have the same words."""
    about = [*ABOUT, *(words for words in ALSO if len({words.text(run) for run in runs}) > 1)]
    if len({tuple(words.text(run) for words in about) for run in runs}) < len(runs):
        about.insert(0, RUN)
    headings = ["Median survived ↑", SURVIVED.heading, DISTANCE.heading, "Seeds alive", "Died"]
    table = Table(["Data", *(words.heading for words in about), *headings])
    for run in runs:
        if any(SURVIVED.metric not in metrics for metrics in run.metrics.values()):
            raise NothingToShow(f"the metrics of run {run.run.name} do not say how long it survived")
        ends = {seed: end.death for seed, end in run.outcomes.items() if end.death}
        seeds, died = run.metrics.items(), len(ends)
        iterations = [metrics[SURVIVED.metric] for _, metrics in seeds]
        median = median_survival(iterations, (seed in ends for seed, _ in seeds))
        cells, numbers = numbers_of(run, [SURVIVED, DISTANCE])
        words = [words.text(run) for words in about]
        alive = f"{len(iterations) - died} of {len(iterations)}"
        row = [as_title(run.run.dataset), *words, _cell(median, iterations), *cells, alive, _causes(ends)]
        own = {"median_survived": median if math.isfinite(median) else None, "died": died}
        table.add(row, identity(run) | numbers | own)
    return table, HOW


def _cell(median: float, iterations: list[float]) -> str:
    return f"{median:g}" if math.isfinite(median) else f"> {max(iterations):g}"


def _causes(ends: dict[int, tuple[int, str]]) -> str:
    causes: dict[str, list[str]] = {}
    for seed, (at, cause) in sorted(ends.items()):
        causes.setdefault(cause, []).append(f"seed {seed} at {at}")
    return "; ".join(f"{cause}: {', '.join(seeds)}" for cause, seeds in causes.items()) or MISSING
