"""What the tables share: a row for each run, mean and standard deviation over the seeds that finished."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ebmrepro.shown.runs import NothingToShow, as_title, by_dataset
from ebmrepro.tables.table import MISSING, Table, format_mean_sd, mean_sd

if TYPE_CHECKING:
    # Only some tables are made from these stages.
    from ebmrepro.shown.loaders.compose import Composed
    from ebmrepro.shown.loaders.evaluate import Measured

NOTE = "Mean ± sample standard deviation over the seeds that finished"
KL = {"off": "no", "opt": "L_opt only", "ent": "L_ent only", "both": "yes"}


class Column(NamedTuple):
    """A metric's key in the files and its heading; `record`: its name in the CSV file if not that."""

    metric: str
    heading: str
    # Diverged seeds count too.
    every_seed: bool = False
    record: str | None = None


class Words(NamedTuple):
    """A heading and what stands under it for a run."""

    heading: str
    text: Callable[[Measured], str]


def diverged_at(member: Measured | Composed) -> dict[int, int]:
    """Iteration of each seed that diverged."""
    return {seed: end.diverged_at for seed, end in member.outcomes.items() if end.diverged_at is not None}


def collapsed_at(member: Measured | Composed) -> dict[int, int]:
    """Iteration from which on the samples of a seed had left the data."""
    return {seed: end.collapsed_at for seed, end in member.outcomes.items() if end.collapsed_at is not None}


def finished(member: Measured | Composed) -> list[Mapping[str, float | None]]:
    """Metrics of the seeds that finished."""
    return [metrics for seed, metrics in member.metrics.items() if seed not in diverged_at(member)]


def finished_text(member: Measured | Composed) -> str:
    """How many seeds finished: '2 of 3'."""
    return f"{len(member.outcomes) - len(diverged_at(member))} of {len(member.outcomes)}"


def seeds_text(member: Measured | Composed) -> str:
    """'3', or how many finished and when the others diverged."""
    ends = ", ".join(f"seed {seed} diverged at {at}" for seed, at in diverged_at(member).items())
    return f"{finished_text(member)}; {ends}" if ends else str(len(member.outcomes))


SURVIVED = Column("iterations_survived", "Iterations survived ↑", every_seed=True)
METHOD = Words("Method", lambda member: member.run.label)
SEEDS = Words("Seeds", seeds_text)


def switched(member: Measured, key: str) -> str | int | float | bool | None:
    """What a run has for a key of params.methods.switches; NothingToShow if its files do not say it."""
    if key not in member.switches:
        raise NothingToShow(f"the metrics of run {member.run.name} do not say what was switched on")
    return member.switches[key]


def switch(heading: str, key: str) -> Words:
    """One switch: 'yes', 'no' or the KL term's only part; NothingToShow if the run's files do not say it."""

    def text(member: Measured) -> str:
        value = switched(member, key)
        if key == "kl":
            return KL[value]
        return "yes" if (value > 1 if key == "scales" else value) else "no"

    return Words(heading, text)


def metric_names(members: Iterable[Measured]) -> dict[str, None]:
    """The metrics that any seed of any of `members` has, in the order of the files."""
    return {name: None for member in members for metrics in member.metrics.values() for name in metrics}


def build(
    runs: list[Measured],
    columns: list[Column],
    reference: Callable[[list[Measured]], list[tuple[str, Mapping[str, float | None]]]] | None,
    what: str,
    about: Sequence[Words] = (METHOD,),
    last: Words = SEEDS,
) -> Table:
    """Rows by data set and run, each data set's reference rows last: labels and numbers from its runs.

    `about` says what a run is, `last` how its seeds ended. NothingToShow if a run has none of the metrics.
    """
    headings = [*(entry.heading for entry in about), *(column.heading for column in columns), last.heading]
    table = Table(["Data", *headings])
    for dataset, members in by_dataset(runs).items():
        for member in members:
            if not metric_names([member]).keys() & {column.metric for column in columns}:
                raise NothingToShow(f"table {what} cannot show run {member.run.name}: nothing to show there")
            add_run(table, member, columns, [entry.text(member) for entry in about], {}, last)
        for label, numbers in reference(members) if reference else []:
            words = [as_title(dataset), label, *[MISSING] * (len(about) - 1)]
            add_reference(table, columns, words, numbers, {"dataset": dataset, "run": label})
    return table


def add_run(
    table: Table, member: Measured, columns: list[Column], words: list[str], own: dict, last: Words = SEEDS
) -> None:
    """A run's row: data set, `words`, numbers, how its seeds ended; its record begins with `own`."""
    cells, numbers = numbers_of(member, columns)
    row = [as_title(member.run.dataset), *words, *cells, last.text(member)]
    table.add(row, own | identity(member) | numbers)


def add_reference(
    table: Table, columns: list[Column], words: list[str], numbers: Mapping[str, float | None], about: dict
) -> None:
    """The row of what is no run: `words` and its numbers; its record begins with `about`."""
    cells = [format_mean_sd(numbers.get(column.metric), None) for column in columns]
    means = {f"{column.record or column.metric}_mean": numbers.get(column.metric) for column in columns}
    table.add([*words, *cells, MISSING], about | means)


def identity(member: Measured) -> dict[str, str]:
    """What a run's record begins with."""
    return {"dataset": member.run.dataset, "run": member.run.name, "method": member.run.method}


def numbers_of(member: Measured | Composed, columns: list[Column]) -> tuple[list[str], dict]:
    """Cells, mean ± sd, and the record of them and of how the seeds ended."""
    diverged, done = diverged_at(member), finished(member)
    ends = " ".join(f"{seed}@{at}" for seed, at in diverged.items())
    cells, record = [], {"seeds": len(member.outcomes), "diverged": ends}
    for column in columns:
        counted = list(member.metrics.values()) if column.every_seed else done
        mean, sd = mean_sd(metrics.get(column.metric) for metrics in counted)
        key = column.record or column.metric
        record |= {f"{key}_mean": mean, f"{key}_sd": sd}
        cells.append("diverged" if diverged and not counted else format_mean_sd(mean, sd))
    return cells, record
