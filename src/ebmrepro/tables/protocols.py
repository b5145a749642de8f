"""The same models sampled and measured by different protocols: does the number depend on who samples?"""

from ebmrepro.shown.loaders.evaluate import Measured
from ebmrepro.shown.loaders.resample import Resampled
from ebmrepro.shown.runs import as_title, some
from ebmrepro.tables import density, generation
from ebmrepro.tables.inception import MEANINGS, NO_GROUP, Group, columns_of, groups_of, groups_of_run
from ebmrepro.tables.rows import NOTE, Column, add_run, metric_names
from ebmrepro.tables.table import MISSING, Made, Table

# What tells generations apart; not every kind has all of them.
SETTINGS = ("weights", "rounds", "steps", "final_steps", "step_size", "noise", "samples")
# Columns of runs that Inception does not measure.
PLAIN = [*generation.COLUMNS, *density.COLUMNS]


def make(items: list[Resampled]) -> Made:
    """A row for each protocol, resize and reference of Inception; NothingToShow if none has a number."""
    members = [item.measured for item in items]
    groups = groups_of(members)
    headings = [column.heading for column in _columns(members, NO_GROUP)]
    some(headings, "the experiment has no protocol with a number to show")
    # How images were resized and what they are compared with says nothing of other numbers.
    about = ["Resize", "Reference"] if groups else []
    settings = [key.replace("_", " ").capitalize() for key in SETTINGS]
    table = Table(["Data", "Method", "Protocol", "Who samples so", *about, *settings, *headings, "Seeds"])
    for group in [*groups, NO_GROUP]:
        for item, member in zip(items, members, strict=True):
            if group not in groups_of_run(member, groups):
                continue
            values = {key: item.generation.get(key) for key in SETTINGS}
            words = [member.run.label, as_title(item.name), item.source, *(group.words if groups else [])]
            words += map(_word, values.values())
            own = (
                {"protocol": item.name, "source": item.source} | (group._asdict() if groups else {}) | values
            )
            add_run(table, member, _columns(members, group), words, own)
    metrics = f" {MEANINGS}." if groups else ""
    return table, (
        f"{NOTE}. All protocols of a run sample the same trained models.{metrics} A chain takes rounds times"
        " steps, with the augmentation transition between rounds where the protocol has one, then the final"
        " steps without it. EMA: moving average of the weights; raw: the weights at the end of training."
        " Numbers of different protocols are no ranking"
    )


def _columns(members: list[Measured], group: Group) -> list[Column]:
    """Those that any of `members` has numbers in."""
    columns = columns_of(members, group)
    taken = {column.metric for column in columns}
    known = metric_names(member for member in members if not groups_of([member])).keys() - taken
    return columns + [column for column in PLAIN if column.metric in known]


def _word(value: str | float | None) -> str:
    if value is None:
        return MISSING
    return {"ema": "EMA"}.get(value, value) if isinstance(value, str) else f"{value:,}"
