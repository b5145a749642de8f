"""Two-dimensional densities: likelihood of test points and distance of samples from them."""

from ebmrepro.shown.loaders.evaluate import Measured
from ebmrepro.tables.rows import NOTE, Column, build
from ebmrepro.tables.table import Made

COLUMNS = [
    Column("test_log_likelihood", "Test log-likelihood (nats) ↑"),
    Column("mmd_squared", "MMD² ↓"),
    Column("wasserstein", "W₂ ↓"),
]


def make(runs: list[Measured]) -> Made:
    """The table, last for each data set the true density and its training points."""
    edges = [m["grid_edge_mass"] for run in runs for m in run.metrics.values() if m.get("grid_edge_mass")]
    largest = f" (largest here: {max(edges):.0e})" if edges else ""
    return build(runs, COLUMNS, _truth, "density"), (
        f"{NOTE}. log Z by grid normalisation, valid where the mass in the grid's outermost cells is small"
        f"{largest}. MMD² and W₂, the 2-Wasserstein distance, of samples to test points; the MMD² estimate is"
        " unbiased and may be negative. The last row is the true density's likelihood of the test points, and"
        " MMD² and W₂ of training to test points"
    )


def _truth(members: list[Measured]):
    *_, metrics = members[0].metrics.values()
    numbers = {"test_log_likelihood": members[0].reference.get("true_test_log_likelihood")}
    numbers |= {key: metrics.get(f"{key}_train_to_test") for key in ("mmd_squared", "wasserstein")}
    return [("true density", numbers)]
