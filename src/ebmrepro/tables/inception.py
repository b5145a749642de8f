"""Generation of images by the rulers of papers: FID, Inception Score, KID, neighbours, bits per dimension."""

from ebmrepro.shown.data import NothingToShow, as_title, by_dataset
from ebmrepro.shown.loaders.evaluate import Measured
from ebmrepro.tables.inception_groups import NOTE as RULERS
from ebmrepro.tables.inception_groups import columns_of, groups_of, groups_of_run
from ebmrepro.tables.rows import NOTE, numbers_of, seeds_text
from ebmrepro.tables.table import Table


def make(runs: list[Measured]) -> Table:
    """A row for each data set, resize, reference and run; raises NothingToShow if no run has such numbers."""
    groups = groups_of(runs)
    if not groups:
        raise NothingToShow("no run of the experiment was measured by Inception")
    rows, records = [], []
    for dataset, members in by_dataset(runs).items():
        measured = [(group, member) for member in members for group in groups_of_run(member, groups)]
        for group, member in sorted(measured, key=lambda pair: pair[0]):
            cells, record = numbers_of(member, columns_of(runs, group))
            rows.append([as_title(dataset), *group.words, member.run.label, *cells, seeds_text(member)])
            records.append({"mode": group.mode, "reference": group.reference} | record)
    headings = [column.heading for column in columns_of(runs, groups[0])]
    return Table(["Data", "Resize", "Reference", "Method", *headings, "Seeds"], rows, records)


def note(runs: list[Measured]) -> str:
    """How to read the table."""
    return f"{NOTE}. {RULERS}"
