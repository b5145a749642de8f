"""Out-of-distribution detection by energy: AUROC and FPR95 of each run against each set."""

from ebmrepro.shown.loaders.detect import Detected
from ebmrepro.shown.runs import as_title, some
from ebmrepro.tables.rows import NOTE, Column, add_run
from ebmrepro.tables.table import Made, Table

METRICS = {"auroc": "AUROC ↑", "fpr95": "FPR95 ↓"}
HOW = (
    f"{NOTE}. Score −E(x) of test images against out-of-distribution images. AUROC: probability that a test"
    " image scores higher than one of these, 0.5 by chance. FPR95: share of these let in at the threshold"
    " that keeps 95 % of the test images"
)


def make(items: list[Detected]) -> Made:
    """A row for each set and run; raises NothingToShow if there is nothing to detect."""
    table = Table(["Data", "Out of distribution", "Method", *METRICS.values(), "Seeds"])
    for item in some(items, "the experiment has no out-of-distribution images"):
        for name in item.sets:
            columns = [Column(f"ood_{key}_{name}", heading, record=key) for key, heading in METRICS.items()]
            for member in item.runs:
                own = {"ood": item.name, "set": name}
                add_run(table, member, columns, [as_title(name), member.run.label], own)
    return table, HOW
