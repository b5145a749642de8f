"""The training log: one row per logged iteration and seed."""

import csv
import io
import math

import torch
from torch import Tensor

from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.objectives import Objective
from ebmrepro.params.samplers import Sampler

# What every training logs; an objective without negatives leaves two of them blank.
COMMON = ("energy_positive", "energy_negative", "energy_gap", "loss", "gradient_norm")
# Columns stand by what they are of, by their first word; others come last.
GROUPS = ("energy", "loss", "gradient")


def columns_of(objective: Objective, sampler: Sampler) -> list[str]:
    """The columns of a run's log beside seed and iteration: COMMON and what its objective and sampler say."""
    groups = {word: place for place, word in enumerate(GROUPS)}
    columns = [*COMMON, *objective.logged(), *sampler.logged()]
    return sorted(columns, key=lambda column: groups.get(column.partition("_")[0], len(GROUPS)))


class TrainingLog:
    """Rows of (iteration, `columns`...); what is not there at an iteration is NaN, blank in the file."""

    def __init__(self, objective: Objective, sampler: Sampler):
        self.objective, self.columns = objective.name(), columns_of(objective, sampler)
        self.rows: list[list[float]] = []

    def add(self, iteration: int, values: dict[str, Tensor]) -> None:
        """Append a row of scalars, read from the device at once; WorkspaceError if one has no column."""
        for name in values:
            if name not in self.columns:
                raise WorkspaceError(
                    f"objective {self.objective} logs '{name}', which is not among its columns: add it there"
                )
        numbers = dict(zip(values, torch.stack([*values.values()]).tolist(), strict=True))
        self.rows.append([iteration, *(numbers.get(name, math.nan) for name in self.columns)])

    def state_dict(self) -> dict[str, Tensor]:
        """All rows, float64 (rows, 1 + columns)."""
        return {"rows": torch.tensor(self.rows, dtype=torch.float64).reshape(-1, 1 + len(self.columns))}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Continue from `state`."""
        self.rows = state["rows"].tolist()


def as_csv(logs: dict[int, TrainingLog]) -> str:
    """The logs of all seeds as CSV: seed, iteration and the columns of the first."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["seed", "iteration", *next(iter(logs.values())).columns])
    for seed, log in logs.items():
        for iteration, *values in log.rows:
            cells = ["" if math.isnan(v) else f"{v:.9g}" for v in values]
            writer.writerow([seed, int(iteration), *cells])
    return text.getvalue()
