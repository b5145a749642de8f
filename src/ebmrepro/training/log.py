"""The training log: one row per logged iteration and seed."""

import csv
import io
import math

import torch
from torch import Tensor

COLUMNS = (
    "energy_positive",
    "energy_negative",
    "energy_gap",
    "energy_size",
    "loss",
    "loss_nll",
    "loss_cd",
    "loss_opt",
    "loss_entropy",
    "loss_score",
    "loss_dcd",
    "loss_wake",
    "loss_sleep",
    "gradient_norm",
    "gradient_norm_cd",
    "gradient_norm_kl",
    "kl_cosine",
    "kl_norm_ratio",
)


class TrainingLog:
    """Rows of (iteration, COLUMNS...); quantities a method does not have are NaN, blank in the file."""

    def __init__(self):
        self.rows: list[list[float]] = []

    def add(self, iteration: int, values: dict[str, Tensor]) -> None:
        """Read scalars (device tensors, by column name) in one transfer and append a row."""
        names = [name for name in COLUMNS if name in values]
        numbers = dict(zip(names, torch.stack([values[n] for n in names]).tolist(), strict=True))
        self.rows.append([iteration, *(numbers.get(name, math.nan) for name in COLUMNS)])

    def state(self) -> Tensor:
        """All rows, float64 (rows, 1 + columns)."""
        return torch.tensor(self.rows, dtype=torch.float64).reshape(-1, 1 + len(COLUMNS))

    def load_state(self, state: Tensor) -> None:
        """Continue from `state`."""
        self.rows = state.tolist()


def as_csv(logs: dict[int, TrainingLog]) -> str:
    """The logs of all seeds as CSV: seed, iteration, COLUMNS."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["seed", "iteration", *COLUMNS])
    for seed, log in logs.items():
        for iteration, *values in log.rows:
            cells = ["" if math.isnan(v) else f"{v:.9g}" for v in values]
            writer.writerow([seed, int(iteration), *cells])
    return text.getvalue()
