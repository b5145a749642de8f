"""What every test shares: the verdicts, and how runs, seeds and values are looked up."""

import math
import statistics
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from ebmrepro.reproduction.rules import RunResult

REPRODUCED = "reproduced"
NOT_REPRODUCED = "not reproduced"
NOT_MEASURED = "not measured here"
# In the order of the report; the last says that nothing could be judged.
VERDICTS = (REPRODUCED, NOT_REPRODUCED, NOT_MEASURED)
# Of a published number that has no rule. No verdict: nothing was to be decided.
NOT_JUDGED = "not judged"


class Judgement(NamedTuple):
    """`measured`: by the rule's word for a run, its `summary`; `statistic`: the test's numbers."""

    verdict: str
    reason: str
    measured: Mapping = MappingProxyType({})
    statistic: Mapping = MappingProxyType({})


class Unmeasured(Exception):
    """The data do not allow the test; the message says why."""


def summary(run: RunResult, metric: str, every_seed: bool = False) -> dict:
    """Values by seed, mean and sample sd over the seeds that finished, and where the others diverged.

    `every_seed`: the values of diverged seeds too.
    """
    values = {
        str(seed): result.metrics.get(metric)
        for seed, result in sorted(run.seeds.items())
        if every_seed or result.diverged_at is None
    }
    known = [value for value in values.values() if value is not None and math.isfinite(value)]
    return {
        "run": run.run,
        "dataset": run.dataset,
        "metric": metric,
        "values": values,
        "mean": statistics.fmean(known) if known else None,
        "sd": statistics.stdev(known) if len(known) > 1 else None,
        "diverged": {
            str(seed): result.diverged_at
            for seed, result in sorted(run.seeds.items())
            if result.diverged_at is not None
        },
    }


def select(runs: Iterable[RunResult], experiment: str, chosen: str) -> RunResult:
    """The run of `experiment` called `chosen`, else the one with that objective; may raise Unmeasured."""
    members = [run for run in runs if run.experiment == experiment]
    found = [run for run in members if run.run == chosen]
    found = found or [run for run in members if run.objective == chosen]
    if len(found) != 1:
        count = "no run" if not found else f"{len(found)} runs, not one,"
        raise Unmeasured(f"experiment {experiment} has no run {chosen}, and {count} with objective {chosen}")
    return found[0]


def enough(found: int, needed: int, what: str, where: str) -> None:
    """Raise Unmeasured if fewer than `needed` were found."""
    if found < needed:
        raise Unmeasured(f"{found} {what}{'s' * (found != 1)} {where}, the rule needs {needed}")


def value_of(run: RunResult, seed: int, metric: str) -> float:
    """The metric of one seed; raises Unmeasured if it is missing or not finite."""
    value = run.seeds[seed].metrics.get(metric)
    if value is None or not math.isfinite(value):
        raise Unmeasured(f"run {run.run} has no {metric} with seed {seed}")
    return value


def listed(seeds: Iterable[int]) -> str:
    """Seeds as people write them."""
    return ", ".join(map(str, seeds))
