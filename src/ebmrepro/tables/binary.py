"""Binary data: how likely the held-out patterns are, and what samples and reconstructions are worth."""

from ebmrepro.shown.loaders.evaluate import Measured
from ebmrepro.tables.rows import NOTE, Column, Words, build
from ebmrepro.tables.table import Table, mean_sd

COLUMNS = [
    Column("test_log_likelihood", "Test log-likelihood (nats) ↑"),
    Column("kl", "KL(data, model) (nats) ↓"),
    Column("pseudo_log_likelihood", "Pseudo-log-likelihood (nats) ↑"),
    Column("mmd_squared", "MMD² ↓"),
    Column("valid_share", "Valid samples ↑"),
]
# What cannot be told from the numbers alone stands in the CSV file.
ERROR = Column("log_partition_error", "")
KINDS = {"exact": "exact", "annealed importance sampling": "AIS", "importance-weighted bound": "lower bound"}


def make(runs: list[Measured]) -> Table:
    """The table; last for each data set its own distribution, where known, and independent pixels."""
    about = (Words("Method", lambda member: member.run.label), Words("Likelihood", _kind))
    made = build(runs, COLUMNS, _references, "binary", about)
    by_name = {member.run.name: member for member in runs}
    for record in made.records:
        member = by_name.get(record["run"])
        if member is not None:
            record |= {"likelihood": member.likelihood, f"{ERROR.metric}_mean": _error(member)}
    return made


def note(runs: list[Measured]) -> str:
    """How to read the table."""
    kinds = {member.likelihood for member in runs}
    parts = [f"{NOTE}. Log-likelihoods are per pattern. Exact: log Z by enumeration"]
    if "annealed importance sampling" in kinds:
        parts.append("AIS: log Z by annealed importance sampling, in brackets its standard error in nats")
    if "importance-weighted bound" in kinds:
        parts.append("lower bound: importance-weighted, from samples of the recognition net")
    parts.append("MMD² is of samples to test patterns, its estimate unbiased and possibly negative")
    if any("valid_share" in metrics for run in runs for metrics in run.metrics.values()):
        parts.append("valid samples: share that are bars or stripes")
    return (
        f"{'; '.join(parts)}. Last rows: the data's own distribution, where it is known (MMD² of training to"
        " test patterns), and pixels drawn independently, each at its rate in the training data"
    )


def _kind(member: Measured) -> str:
    error = _error(member)
    return f"{KINDS[member.likelihood]}{'' if error is None else f' (± {error:.2g})'}"


def _error(member: Measured) -> float | None:
    """Mean standard error of log Z over the seeds that finished."""
    diverged = {seed for seed, end in member.outcomes.items() if end.diverged_at is not None}
    return mean_sd(m.get(ERROR.metric) for seed, m in member.metrics.items() if seed not in diverged)[0]


def _references(members: list[Measured]):
    reference, rows = members[0].reference, []
    truth = {"mmd_squared": None}
    for metrics in members[0].metrics.values():
        truth["mmd_squared"] = metrics.get("mmd_squared_train_to_test")
    if "true_test_log_likelihood" in reference:
        truth |= {"test_log_likelihood": reference["true_test_log_likelihood"], "kl": 0.0, "valid_share": 1.0}
        rows.append(("true distribution", truth))
    else:
        rows.append(("training data", truth))
    independent = reference.get("independent_pixels_log_likelihood")
    rows.append(("independent pixels", {"test_log_likelihood": independent}))
    return rows
