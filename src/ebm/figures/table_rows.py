"""What the tables share: a row for each run, mean and standard deviation over the seeds that finished."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ebm.figures.data import Measured, NothingToShow, as_title, by_dataset
from ebm.figures.table import MISSING, Table, format_mean_sd, mean_sd

NOTE = "Mean ± sample standard deviation over the seeds that finished"


class Column(NamedTuple):
    """A metric's key in evaluate's files and its heading."""

    metric: str
    heading: str


Reference = Callable[[list[Measured]], tuple[str, Mapping[str, float | None]] | None]


def build(runs: list[Measured], columns: list[Column], reference: Reference | None, what: str) -> Table:
    """Rows by data set and run, each data set's reference row last.

    `reference` gives the label and numbers of that row from the runs of one data set. Raises NothingToShow
    if a run has none of the metrics.
    """
    rows, records = [], []
    for dataset, members in by_dataset(runs).items():
        for member in members:
            known = {key for metrics in member.metrics.values() for key in metrics}
            if not known & {column.metric for column in columns}:
                raise NothingToShow(f"table {what} cannot show run {member.run.name}: nothing to show there")
            cells, record = _numbers(member, columns)
            rows.append([as_title(dataset), member.run.label, *cells, seeds_text(member)])
            records.append(record)
        extra = reference(members) if reference else None
        if extra is not None:
            label, numbers = extra
            cells = [format_mean_sd(numbers.get(column.metric), None) for column in columns]
            rows.append([as_title(dataset), label, *cells, MISSING])
            means = {f"{column.metric}_mean": numbers.get(column.metric) for column in columns}
            records.append({"dataset": dataset, "run": label} | means)
    return Table(["Data", "Method", *(column.heading for column in columns), "Seeds"], rows, records)


def seeds_text(member: Measured) -> str:
    """'3', or how many finished and when the others diverged."""
    diverged = _diverged(member)
    if not diverged:
        return str(len(member.outcomes))
    ends = ", ".join(f"seed {seed} diverged at {at}" for seed, at in diverged.items())
    return f"{len(member.outcomes) - len(diverged)} of {len(member.outcomes)}; {ends}"


def _diverged(member: Measured) -> dict[int, int]:
    return {seed: end.diverged_at for seed, end in member.outcomes.items() if end.diverged_at is not None}


def _numbers(member: Measured, columns: list[Column]) -> tuple[list[str], dict]:
    diverged = _diverged(member)
    record = {
        "dataset": member.run.dataset,
        "run": member.run.name,
        "objective": member.run.objective,
        "seeds": len(member.outcomes),
        "diverged": " ".join(f"{seed}@{at}" for seed, at in diverged.items()),
    }
    cells = []
    finished = [metrics for seed, metrics in member.metrics.items() if seed not in diverged]
    for column in columns:
        mean, sd = mean_sd(metrics.get(column.metric) for metrics in finished)
        record |= {f"{column.metric}_mean": mean, f"{column.metric}_sd": sd}
        cells.append("diverged" if diverged and not finished else format_mean_sd(mean, sd))
    return cells, record
