"""The n-dimensional Gaussian: divergences that every objective shares, and the loss, which they do not."""

from ebmrepro.shown.loaders.evaluate import Measured
from ebmrepro.tables.rows import NOTE, Column, build, metric_names
from ebmrepro.tables.table import Made

DIVERGENCES = [Column("kl", "KL(data, model) (nats) ↓"), Column("fisher_divergence", "Fisher divergence ↓")]
LOSS = Column("final_loss", "Final training loss")
HOW = f"{NOTE}. KL in closed form, where the energy is Gaussian; both divergences are 0 for the true model"
CAVEAT = (
    ". The final loss, a mean over the last tenth of training, is another function for every method: it"
    " compares no two of them"
)


def make(runs: list[Measured]) -> Made:
    """The table, with the loss where a run has it."""
    have_loss = LOSS.metric in metric_names(runs)
    columns = [*DIVERGENCES, LOSS] if have_loss else DIVERGENCES
    return build(runs, columns, None, "gaussian"), f"{HOW}{CAVEAT if have_loss else ''}"
