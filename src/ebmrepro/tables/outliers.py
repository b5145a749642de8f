"""Out-of-distribution detection by energy: AUROC and FPR95 of each run against each set."""

from ebmrepro.shown.data import as_title, some
from ebmrepro.shown.loaders.detect import Detected
from ebmrepro.tables.rows import NOTE, Column, numbers_of, seeds_text
from ebmrepro.tables.table import Table

METRICS = {"auroc": "AUROC ↑", "fpr95": "FPR95 ↓"}


def make(items: list[Detected]) -> Table:
    """A row for each set and run; raises NothingToShow if there is nothing to detect."""
    some(items, "the experiment has no outliers")
    rows, records = [], []
    for item in items:
        for name in item.sets:
            columns = [Column(f"ood_{key}_{name}", heading, record=key) for key, heading in METRICS.items()]
            for member in item.runs:
                cells, record = numbers_of(member, columns)
                about = [as_title(member.run.dataset), as_title(name), member.run.label]
                rows.append([*about, *cells, seeds_text(member)])
                records.append({"outliers": item.name, "set": name} | record)
    return Table(["Data", "Outliers", "Method", *METRICS.values(), "Seeds"], rows, records)


def note(items: list[Detected]) -> str:
    """How to read the table."""
    return (
        f"{NOTE}. Score −E(x) of test images against outliers. AUROC: probability that a test image scores"
        " higher than an outlier, 0.5 by chance. FPR95: share of outliers let in at the threshold that keeps"
        " 95 % of the test images"
    )
