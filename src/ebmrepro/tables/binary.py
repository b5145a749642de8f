"""Binary data: how likely the held-out patterns are, and what samples and reconstructions are worth."""

from ebmrepro.shown.loaders.evaluate import Measured
from ebmrepro.tables.rows import METHOD, NOTE, Column, Words, build, finished, metric_names
from ebmrepro.tables.table import Made, mean_sd

COLUMNS = [
    Column("test_log_likelihood", "Test log-likelihood (nats) ↑"),
    Column("kl", "KL(data, model) (nats) ↓"),
    Column("pseudo_log_likelihood", "Pseudo-log-likelihood (nats) ↑"),
    Column("mmd_squared", "MMD² ↓"),
    Column("valid_share", "Valid samples ↑"),
]
KINDS = {"exact": "exact", "annealed importance sampling": "AIS", "importance-weighted bound": "lower bound"}


def make(runs: list[Measured]) -> Made:
    """The table, last for each data set its own distribution, where known, and independent pixels."""
    table = build(runs, COLUMNS, _references, "binary", (METHOD, Words("Likelihood", _kind)))
    # What cannot be told from the numbers alone stands in the CSV file.
    records = {record["run"]: record for record in table.records}
    for run in runs:
        records[run.run.name] |= {"likelihood": run.likelihood, "log_partition_error_mean": _error(run)}
    kinds = {run.likelihood for run in runs}
    parts = [f"{NOTE}. Log-likelihoods are per pattern. Exact: log Z by enumeration"]
    if "annealed importance sampling" in kinds:
        parts.append("AIS: log Z by annealed importance sampling, in brackets its standard error in nats")
    if "importance-weighted bound" in kinds:
        parts.append("lower bound: importance-weighted, from samples of the recognition net")
    parts.append("MMD² is of samples to test patterns, its estimate unbiased and possibly negative")
    if "valid_share" in metric_names(runs):
        parts.append("valid samples: share that are bars or stripes")
    return table, (
        f"{'; '.join(parts)}. Last rows: the data's own distribution, where it is known (MMD² of training to"
        " test patterns), and pixels drawn independently, each at its rate in the training data"
    )


def _kind(member: Measured) -> str:
    error = _error(member)
    return f"{KINDS[member.likelihood]}{'' if error is None else f' (± {error:.2g})'}"


def _error(member: Measured) -> float | None:
    """Mean standard error of log Z over the seeds that finished."""
    return mean_sd(metrics.get("log_partition_error") for metrics in finished(member))[0]


def _references(members: list[Measured]):
    reference = members[0].reference
    *_, metrics = members[0].metrics.values()
    name, truth = "training data", {"mmd_squared": metrics.get("mmd_squared_train_to_test")}
    if "true_test_log_likelihood" in reference:
        name = "true distribution"
        truth |= {"test_log_likelihood": reference["true_test_log_likelihood"], "kl": 0.0, "valid_share": 1.0}
    independent = {"test_log_likelihood": reference.get("independent_pixels_log_likelihood")}
    return [(name, truth), ("independent pixels", independent)]
