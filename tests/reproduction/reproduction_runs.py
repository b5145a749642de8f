"""Rules and invented runs that the tests of this room share."""

from ebmrepro.reproduction.rules import PairedComparison, RunResult

PAIRED = PairedComparison(
    kind="paired_comparison",
    experiment="digits",
    metric="gap",
    better="lower",
    method="icd",
    baseline="cd",
    alpha=0.05,
    minimum_seeds=2,
)


def run(
    objective: str, metric: str, values: list, diverged: dict | None = None, experiment="digits", name=None
):
    """A run with one value for each seed; `diverged`: seed -> iteration."""
    metrics = {seed: {} if value is None else {metric: value} for seed, value in enumerate(values)}
    return RunResult(name or f"x_{objective}", experiment, "x", objective, metrics, diverged or {})
