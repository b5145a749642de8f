"""Inception's numbers as tables show them: by how images were resized and what they were compared with.

The names are those of `evaluation.inception.measure`. Numbers of different modes or references stand
in different rows, those of different numbers of samples in different columns: none of them can be compared.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple, get_args

from ebmrepro.params.inception import Mode
from ebmrepro.shown.loaders.evaluate import Measured
from ebmrepro.tables.rows import Column
from ebmrepro.tables.table import MISSING

HEADINGS = {
    "fid": "FID ↓",
    "inception_score": "Inception Score ↑",
    "kid": "KID ↓",
    "precision": "Precision ↑",
    "recall": "Recall ↑",
    "density": "Density ↑",
    "coverage": "Coverage ↑",
}
# Of a run as a whole, whatever its images are compared with.
OTHERS = [
    Column("bits_per_dimension", "Bits per dimension ↓"),
    Column("log_partition_error", "Error of log Z (nats)"),
    Column("log_weight_effective_size", "Effective chains of log Z"),
    Column("pairwise_distance_ratio", "Pairwise distance / test's"),
]
MODES = {"clean": "clean", "legacy_tensorflow": "legacy TensorFlow", "legacy_pytorch": "legacy PyTorch"}
NAME = re.compile(rf"({'|'.join(HEADINGS)})_({'|'.join(get_args(Mode))})(?:_([a-z][a-z0-9_]*))?_([0-9]+)")
NOTE = (
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


def groups_of(members: Iterable[Measured]) -> list[Group]:
    """The groups that any of `members` has numbers in, in alphabetical order."""
    found = {_parsed(name) for name in _names(members)}
    return sorted({Group(mode, reference) for _, mode, reference, _ in found if reference})


def columns_of(members: list[Measured], group: Group) -> list[Column]:
    """The columns of a table of all `members`, filled with the numbers of `group`."""
    names = _names(members)
    found = {(ruler, count) for ruler, _, _, count in map(_parsed, names) if ruler}
    columns = []
    for ruler, count in sorted(found, key=lambda key: (list(HEADINGS).index(key[0]), key[1])):
        against = "" if ruler == "inception_score" else f"_{group.reference}"
        metric = f"{ruler}_{group.mode}{against}_{count}"
        columns.append(Column(metric, f"{HEADINGS[ruler]} ({count:,})", record=f"{ruler}_{count}"))
    return columns + [column for column in OTHERS if column.metric in names]


def groups_of_run(member: Measured, groups: list[Group]) -> list[Group]:
    """Those of `groups` that a run has numbers in; NO_GROUP if none."""
    own = groups_of([member])
    return [group for group in groups if group in own] or [NO_GROUP]


def _names(members: Iterable[Measured]) -> Mapping[str, None]:
    return {name: None for member in members for metrics in member.metrics.values() for name in metrics}


def _parsed(name: str) -> tuple[str, str, str, int]:
    """Ruler, mode, reference (or '') and count of a metric's name; empty if it is none of Inception's."""
    match = NAME.fullmatch(name)
    if match is None:
        return "", "", "", 0
    ruler, mode, reference, count = match.groups()
    return ruler, mode, reference or "", int(count)
