"""The n-dimensional Gaussian: divergences that every objective shares."""

from ebm.figures.data import Measured
from ebm.figures.table import Table
from ebm.figures.table_rows import NOTE, Column, build

COLUMNS = [Column("kl", "KL(data, model) (nats) ↓"), Column("fisher_divergence", "Fisher divergence ↓")]


def make(runs: list[Measured]) -> Table:
    """The table; both columns are 0 for the true model."""
    return build(runs, COLUMNS, None, "gaussian")


def note(runs: list[Measured]) -> str:
    """How to read the table."""
    return f"{NOTE}. KL in closed form, where the energy is Gaussian; both are 0 for the true model"
