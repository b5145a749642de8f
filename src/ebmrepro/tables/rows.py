"""What the tables share: a row for each run, mean and standard deviation over the seeds that finished."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ebmrepro.shown.data import NothingToShow, as_title, by_dataset
from ebmrepro.tables.table import MISSING, Table, format_mean_sd, mean_sd

if TYPE_CHECKING:
    # Of these stages are only some of the tables.
    from ebmrepro.shown.loaders.compose import Composed
    from ebmrepro.shown.loaders.evaluate import Measured

    Reference = Callable[[list[Measured]], list[tuple[str, Mapping[str, float | None]]]]

NOTE = "Mean ± sample standard deviation over the seeds that finished"


class Column(NamedTuple):
    """A metric's key in the files and its heading; `every_seed`: diverged seeds count too.

    `record`: what the CSV file calls it, if not by its key.
    """

    metric: str
    heading: str
    every_seed: bool = False
    record: str | None = None


class Words(NamedTuple):
    """A heading and what stands under it for a run."""

    heading: str
    text: Callable[[Measured], str]


METHOD = (Words("Method", lambda member: member.run.label),)


def build(
    runs: list[Measured],
    columns: list[Column],
    reference: Reference | None,
    what: str,
    about: Sequence[Words] = METHOD,
    last: Words | None = None,
) -> Table:
    """Rows by data set and run, each data set's reference rows last.

    `about` says what a run is, `last` how its seeds ended (by default `seeds_text`). `reference` gives
    labels and numbers of those rows from the runs of one data set. Raises NothingToShow if a run has none of
    the metrics.
    """
    last = last or Words("Seeds", seeds_text)
    rows, records = [], []
    for dataset, members in by_dataset(runs).items():
        for member in members:
            known = {key for metrics in member.metrics.values() for key in metrics}
            if not known & {column.metric for column in columns}:
                raise NothingToShow(f"table {what} cannot show run {member.run.name}: nothing to show there")
            cells, record = numbers_of(member, columns)
            words = [entry.text(member) for entry in about]
            rows.append([as_title(dataset), *words, *cells, last.text(member)])
            records.append(record)
        for label, numbers in reference(members) if reference else []:
            cells = [format_mean_sd(numbers.get(column.metric), None) for column in columns]
            rows.append([as_title(dataset), label, *[MISSING] * (len(about) - 1), *cells, MISSING])
            means = {f"{column.metric}_mean": numbers.get(column.metric) for column in columns}
            records.append({"dataset": dataset, "run": label} | means)
    headings = [*(entry.heading for entry in about), *(column.heading for column in columns), last.heading]
    return Table(["Data", *headings], rows, records)


def seeds_text(member: Measured | Composed) -> str:
    """'3', or how many finished and when the others diverged."""
    diverged = diverged_at(member)
    if not diverged:
        return str(len(member.outcomes))
    ends = ", ".join(f"seed {seed} diverged at {at}" for seed, at in diverged.items())
    return f"{len(member.outcomes) - len(diverged)} of {len(member.outcomes)}; {ends}"


def diverged_at(member: Measured | Composed) -> dict[int, int]:
    """Iteration of each seed that diverged."""
    return {seed: end.diverged_at for seed, end in member.outcomes.items() if end.diverged_at is not None}


def numbers_of(member: Measured, columns: Sequence[Column]) -> tuple[list[str], dict]:
    """A run's cells, mean ± sd, and its record."""
    diverged = diverged_at(member)
    record = {
        "dataset": member.run.dataset,
        "run": member.run.name,
        "method": member.run.method,
        "seeds": len(member.outcomes),
        "diverged": " ".join(f"{seed}@{at}" for seed, at in diverged.items()),
    }
    cells = []
    for column in columns:
        counted = [m for seed, m in member.metrics.items() if column.every_seed or seed not in diverged]
        mean, sd = mean_sd(metrics.get(column.metric) for metrics in counted)
        key = column.record or column.metric
        record |= {f"{key}_mean": mean, f"{key}_sd": sd}
        cells.append("diverged" if diverged and not counted else format_mean_sd(mean, sd))
    return cells, record
