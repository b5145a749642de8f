"""Which architectures can be trained, with the KL term and without it: iterations survived."""

from ebmrepro.shown.loaders.evaluate import Measured
from ebmrepro.tables.rows import SURVIVED, Words, build, diverged_at, finished_text, switch
from ebmrepro.tables.table import MISSING, Made

BUILT_OF = {"Attention": "attention", "Normalisation": "normalise", "Spectral norm": "spectral_norm"}
ABOUT = [switch(heading, key) for heading, key in (BUILT_OF | {"KL term": "kl"}).items()]
# Columns of an ablation, whose runs the others do not tell apart.
ALSO = (switch("Augmentation", "augmentation"), switch("Multi-scale", "scales"))
HOW = (
    "Mean ± sample standard deviation of the iterations before divergence over all seeds, diverged ones"
    " included; a seed that finished counts all its iterations"
)


def make(runs: list[Measured]) -> Made:
    """A row for each run, augmentation and scales where the runs differ in them."""
    differing = (words for words in ALSO if len({words.text(run) for run in runs}) > 1)
    about = (*ABOUT, *differing, Words("Seeds finished", finished_text))
    return build(runs, [SURVIVED], None, "stability", about, Words("Diverged", _causes)), HOW


def _causes(member: Measured) -> str:
    causes: dict[str, list[str]] = {}
    for seed, at in sorted(diverged_at(member).items()):
        causes.setdefault(member.outcomes[seed].cause, []).append(f"seed {seed} at {at}")
    return "; ".join(f"{cause}: {', '.join(ends)}" for cause, ends in causes.items()) or MISSING
