"""A table, and the three forms it is written in."""

import csv
import io
import math
import re
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field

from ebmrepro.shown.caption import escape_latex

MISSING = "–"


@dataclass(frozen=True)
class Table:
    """`columns` and `rows` as people read them; `records` the same numbers unrounded, for the CSV file."""

    columns: list[str]
    rows: list[list[str]] = field(default_factory=list)
    records: list[dict[str, str | float | int | None]] = field(default_factory=list)

    def add(self, row: list[str], record: dict[str, str | float | int | None]) -> None:
        """One row more, in both."""
        self.rows.append(row)
        self.records.append(record)


# A table, and how to read it.
Made = tuple[Table, str]


def mean_sd(values: Iterable[float | None]) -> tuple[float | None, float | None]:
    """Mean and sample standard deviation (n - 1); None for what too few finite values leave undefined."""
    numbers = [value for value in values if value is not None and math.isfinite(value)]
    if not numbers:
        return None, None
    return statistics.fmean(numbers), statistics.stdev(numbers) if len(numbers) > 1 else None


def format_mean_sd(mean: float | None, sd: float | None) -> str:
    """'1.234 ± 0.056': the standard deviation with two significant digits, the mean to the same place."""
    if mean is None:
        return MISSING
    if not sd:
        text = f"{mean:.4g}" + (" ± 0" if sd == 0 else "")
    else:
        decimals = max(0, 1 - math.floor(math.log10(sd)))
        text = f"{mean:.{decimals}f} ± {sd:.{decimals}f}"
    return re.sub("^-", "−", text)


def to_markdown(table: Table, caption: str, note: str) -> str:
    """A pipe table under its caption; `note` in a comment."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (table.columns, *table.rows)]
    head, *rows = [f"| {' | '.join(row)} |" for row in cells]
    lines = [f"<!-- {note} -->", "", caption.replace("<", "&lt;"), "", head, "|" + " --- |" * len(cells[0])]
    return "\n".join([*lines, *rows]) + "\n"


def from_markdown(text: str) -> tuple[str, list[str], list[list[str]]]:
    """Caption, columns and rows of `to_markdown`'s text; raises ValueError if it is none."""
    lines = [line for line in text.splitlines() if line and not line.startswith("<!--")]
    cells = [
        [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in lines[1:]
    ]
    if len(cells) < 2 or set(cells[1]) != {"---"} or any(len(row) != len(cells[0]) for row in cells):
        raise ValueError("not a table of this project")
    return lines[0].replace("&lt;", "<"), cells[0], cells[2:]


def to_csv(table: Table, caption: str, note: str, preset: str) -> str:
    """Unrounded numbers under comment lines (#) with caption and `note`; every row names the preset."""
    text = io.StringIO()
    text.write(f"# {caption}\n# {note}\n")
    columns = list(dict.fromkeys(["preset", *(key for record in table.records for key in record)]))
    writer = csv.DictWriter(text, columns, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows({"preset": preset} | record for record in table.records)
    return text.getvalue()


def to_latex(table: Table, caption: str, note: str, name: str) -> str:
    """A booktabs table with caption and label."""
    lines = [
        f"% {note}",
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{escape_latex(caption)}}}",
        rf"\label{{tab:{name}}}",
        rf"\begin{{tabular}}{{{'l' * len(table.columns)}}}",
        r"\toprule",
        " & ".join(map(escape_latex, table.columns)) + r" \\",
        r"\midrule",
        *(" & ".join(map(escape_latex, row)) + r" \\" for row in table.rows),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"
