"""The same models sampled and measured by different protocols: does the number depend on who samples?"""

from collections.abc import Mapping

from ebmrepro.shown.data import NothingToShow, as_title
from ebmrepro.shown.loaders.evaluate import Measured
from ebmrepro.shown.loaders.resample import Resampled
from ebmrepro.tables import density as table_density
from ebmrepro.tables import generation as table_generation
from ebmrepro.tables.inception_groups import NO_GROUP, Group, columns_of, groups_of, groups_of_run
from ebmrepro.tables.inception_groups import NOTE as RULERS
from ebmrepro.tables.rows import NOTE, Column, numbers_of, seeds_text
from ebmrepro.tables.table import MISSING, Table

# What tells generations apart; not every kind has all of them.
SETTINGS = ("weights", "rounds", "steps", "final_steps", "step_size", "noise", "samples")
WEIGHTS = {"ema": "EMA", "raw": "raw"}
# Of runs that are not measured by Inception.
PLAIN = [*table_generation.COLUMNS, *table_density.COLUMNS]


def make(items: list[Resampled]) -> Table:
    """A row for each protocol, and for each resize and reference of Inception that it is measured with.

    Raises NothingToShow if no protocol has a number that is shown.
    """
    members = [item.measured for item in items]
    groups = groups_of(members)
    headings = [column.heading for column in _columns(members, NO_GROUP)]
    if not headings:
        raise NothingToShow("the experiment has no protocol with a number to show")
    # How images were resized and what they are compared with says nothing of other numbers.
    about = ["Resize", "Reference"] if groups else []
    rows, records = [], []
    for group in [*groups, NO_GROUP]:
        for item in items:
            if group not in groups_of_run(item.measured, groups):
                continue
            cells, record = numbers_of(item.measured, _columns(members, group))
            words = [as_title(item.measured.run.dataset), item.measured.run.label, as_title(item.name)]
            words += [item.source, *(group.words if groups else []), *_settings(item.generation)]
            rows.append([*words, *cells, seeds_text(item.measured)])
            own = {"protocol": item.name, "source": item.source}
            own |= {"mode": group.mode, "reference": group.reference} if groups else {}
            own |= {key: item.generation.get(key) for key in SETTINGS}
            records.append(own | record)
    settings = [key.replace("_", " ").capitalize() for key in SETTINGS]
    columns = ["Data", "Method", "Protocol", "Who samples so", *about, *settings, *headings, "Seeds"]
    return Table(columns, rows, records)


def note(items: list[Resampled]) -> str:
    """How to read the table."""
    rulers = f" {RULERS}." if groups_of([item.measured for item in items]) else ""
    return (
        f"{NOTE}. All protocols of a run sample the same trained models.{rulers} A chain takes rounds times"
        " steps, with the augmentation transition between rounds where the protocol has one, then the final"
        " steps without it. EMA: moving average of the weights; raw: the weights at the end of training."
        " Numbers of different protocols are no ranking"
    )


def _columns(members: list[Measured], group: Group) -> list[Column]:
    """Those that any of `members` has numbers in."""
    columns = columns_of(members, group)
    taken = {column.metric for column in columns}
    plain = [member for member in members if not groups_of([member])]
    known = {name for member in plain for metrics in member.metrics.values() for name in metrics}
    return columns + [column for column in PLAIN if column.metric in known - taken]


def _settings(generation: Mapping) -> list[str]:
    values = [generation.get(key) for key in SETTINGS]
    return [MISSING if value is None else _word(value) for value in values]


def _word(value: str | float) -> str:
    return WEIGHTS.get(value, value) if isinstance(value, str) else f"{value:,}"
