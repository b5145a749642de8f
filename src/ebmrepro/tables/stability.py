"""Which architectures can be trained, with the KL term and without it: iterations survived."""

from ebmrepro.shown.loaders.evaluate import Measured
from ebmrepro.tables.rows import Column, Words, build, diverged_at
from ebmrepro.tables.switch_words import column
from ebmrepro.tables.table import MISSING, Table

ABOUT = (
    column("Attention", "attention"),
    column("Normalisation", "normalise"),
    column("Spectral norm", "spectral_norm"),
    column("KL term", "kl"),
)
# Of an ablation's runs, which the others do not tell apart.
ALSO = (column("Augmentation", "augmentation"), column("Multi-scale", "scales"))
COLUMNS = [Column("iterations_survived", "Iterations survived ↑", every_seed=True)]


def make(runs: list[Measured]) -> Table:
    """The table; a row for each run, augmentation and scales where the runs differ in them."""
    differing = (words for words in ALSO if len({words.text(run) for run in runs}) > 1)
    about = (*ABOUT, *differing, Words("Seeds finished", _finished))
    return build(runs, COLUMNS, None, "stability", about, Words("Diverged", _causes))


def note(runs: list[Measured]) -> str:
    """How to read the table."""
    return (
        "Mean ± sample standard deviation of the iterations before divergence over all seeds, diverged ones"
        " included; a seed that finished counts all its iterations"
    )


def _finished(member: Measured) -> str:
    return f"{len(member.outcomes) - len(diverged_at(member))} of {len(member.outcomes)}"


def _causes(member: Measured) -> str:
    causes: dict[str, list[str]] = {}
    for seed, at in sorted(diverged_at(member).items()):
        causes.setdefault(member.outcomes[seed].cause, []).append(f"seed {seed} at {at}")
    return "; ".join(f"{cause}: {', '.join(ends)}" for cause, ends in causes.items()) or MISSING
