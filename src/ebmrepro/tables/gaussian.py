"""The n-dimensional Gaussian: divergences that every objective shares, and the loss, which they do not."""

from ebmrepro.shown.loaders.evaluate import Measured
from ebmrepro.tables.rows import NOTE, Column, build
from ebmrepro.tables.table import Table

DIVERGENCES = [Column("kl", "KL(data, model) (nats) ↓"), Column("fisher_divergence", "Fisher divergence ↓")]
LOSS = Column("final_loss", "Final training loss")


def make(runs: list[Measured]) -> Table:
    """The table; both divergences are 0 for the true model."""
    return build(runs, [*DIVERGENCES, *([LOSS] if _have_loss(runs) else [])], None, "gaussian")


def note(runs: list[Measured]) -> str:
    """How to read the table."""
    caveat = (
        ". The final loss, a mean over the last tenth of training, is another function for every method: it"
        " compares no two of them"
    )
    return (
        f"{NOTE}. KL in closed form, where the energy is Gaussian; both divergences are 0 for the true model"
        f"{caveat if _have_loss(runs) else ''}"
    )


def _have_loss(runs: list[Measured]) -> bool:
    return any(LOSS.metric in metrics for run in runs for metrics in run.metrics.values())
