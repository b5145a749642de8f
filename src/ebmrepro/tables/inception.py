"""Generation of images by the metrics of papers: FID, Inception Score, KID, neighbours, bits per dimension.

Metrics are called as `evaluation.measures.inception` says. Numbers of different modes or references stand
in different rows, those of different numbers of samples in different columns: none of them can be compared.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple, get_args

from ebmrepro.params.inception import Mode
from ebmrepro.shown.loaders.evaluate import Measured
from ebmrepro.shown.runs import by_dataset, some
from ebmrepro.tables.rows import NOTE, Column, add_run, metric_names
from ebmrepro.tables.table import MISSING, Made, Table

HEADINGS = {"fid": "FID ↓", "inception_score": "Inception Score ↑", "kid": "KID ↓"}
HEADINGS |= {kind: f"{kind.capitalize()} ↑" for kind in ("precision", "recall", "density", "coverage")}
# Metrics of a run as a whole, whatever its images are compared with.
OTHERS = [
    Column("bits_per_dimension", "Bits per dimension ↓"),
    Column("log_partition_error", "Error of log Z (nats)"),
    Column("log_weight_effective_size", "Effective chains of log Z"),
    Column("pairwise_distance_ratio", "Pairwise distance / test's"),
]
MODES = {"clean": "clean", "legacy_tensorflow": "legacy TensorFlow", "legacy_pytorch": "legacy PyTorch"}
NAME = re.compile(rf"({'|'.join(HEADINGS)})_({'|'.join(get_args(Mode))})(?:_([a-z][a-z0-9_]*))?_([0-9]+)")
MEANINGS = (
    "FID, KID, precision, recall, density and coverage by features of Inception-2015; in brackets the number"
    " of samples. Values with different numbers of samples, resizes or references cannot be compared. Resize:"
    " clean is antialiased, legacy as the first implementations did. The Inception Score has no reference."
    " Bits per dimension of dequantised test images: log Z by annealed importance sampling is too small on"
    " average, and they are with it, by more than the error says where only one or two chains are effective;"
    " the uniform density has 8"
)


class Group(NamedTuple):
    """What samples were measured with: a mode of Inception and the `reference` they are compared with."""

    mode: str
    reference: str

    @property
    def words(self) -> list[str]:
        """Resize and reference as people read them."""
        return [MODES.get(self.mode, self.mode), self.reference.replace("_", " ")]


# A run without such numbers.
NO_GROUP = Group(MISSING, MISSING)


def make(runs: list[Measured]) -> Made:
    """A row for each data set, resize, reference and run; raises NothingToShow if no run has such numbers."""
    groups = some(groups_of(runs), "no run of the experiment was measured by Inception")
    headings = [column.heading for column in columns_of(runs, groups[0])]
    table = Table(["Data", "Resize", "Reference", "Method", *headings, "Seeds"])
    for members in by_dataset(runs).values():
        measured = [(group, member) for member in members for group in groups_of_run(member, groups)]
        for group, member in sorted(measured, key=lambda pair: pair[0]):
            words = [*group.words, member.run.label]
            add_run(table, member, columns_of(runs, group), words, group._asdict())
    return table, f"{NOTE}. {MEANINGS}"


def groups_of(members: Iterable[Measured]) -> list[Group]:
    """The groups that any of `members` has numbers in, in alphabetical order."""
    return sorted({Group(mode, reference) for _, mode, reference, _ in _parsed(members) if reference})


def groups_of_run(member: Measured, groups: list[Group]) -> list[Group]:
    """Those of `groups` that a run has numbers in; NO_GROUP if none."""
    own = groups_of([member])
    return [group for group in groups if group in own] or [NO_GROUP]


def columns_of(members: list[Measured], group: Group) -> list[Column]:
    """The columns of a table of all `members`, filled with the numbers of `group`."""
    found = {(kind, int(count)) for kind, _, _, count in _parsed(members)}
    columns = []
    for kind, count in sorted(found, key=lambda key: (list(HEADINGS).index(key[0]), key[1])):
        against = "" if kind == "inception_score" else f"_{group.reference}"
        metric = f"{kind}_{group.mode}{against}_{count}"
        columns.append(Column(metric, f"{HEADINGS[kind]} ({count:,})", record=f"{kind}_{count}"))
    names = metric_names(members)
    return columns + [column for column in OTHERS if column.metric in names]


def _parsed(members: Iterable[Measured]) -> list[tuple[str, str, str | None, str]]:
    """Kind, mode, reference (None of the Inception Score) and count of each metric of Inception's."""
    return [match.groups() for match in map(NAME.fullmatch, metric_names(members)) if match]
