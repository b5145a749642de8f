"""What figures and tables have in common: which run is shown, and how its training ended."""

from collections.abc import Iterable
from typing import NamedTuple

from ebmrepro.shown.labels import RunLabel


class NothingToShow(ValueError):
    """The experiment has no run that a figure or table of this kind can show."""


def some(items, otherwise: str):
    """The `items` to be shown; raises NothingToShow, which says `otherwise`, if there are none."""
    if not items:
        raise NothingToShow(otherwise)
    return items


class Outcome(NamedTuple):
    """How a seed's training ended: `diverged_at` is the 0-based iteration, None if it finished."""

    diverged_at: int | None
    cause: str | None = None


FINISHED = Outcome(None)


def by_dataset(items: Iterable) -> dict[str, list]:
    """Items that have a `run`, grouped by data set in order of first appearance."""
    groups: dict[str, list] = {}
    for item in items:
        groups.setdefault(item.run.dataset, []).append(item)
    return groups


def as_title(dataset: str) -> str:
    """A data set's name as a heading."""
    return dataset.replace("_", " ")


def heading(run: RunLabel, outcome: Outcome) -> str:
    """Data set and label of a run, and where the seed that is shown diverged."""
    return f"{as_title(run.dataset)}, {run.label}{ended(outcome)}"


def ended(outcome: Outcome) -> str:
    """What a title adds for a seed that diverged."""
    return "" if outcome.diverged_at is None else f", diverged at {outcome.diverged_at}"
