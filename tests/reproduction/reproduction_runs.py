"""Rules and invented runs that the tests of this room share."""

from ebmrepro.reproduction.rules import PairedComparison, RunResult, SeedResult

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
    diverged = diverged or {}
    seeds = {
        seed: SeedResult({} if value is None else {metric: value}, diverged.get(seed))
        for seed, value in enumerate(values)
    }
    return RunResult(
        run=name or f"x_{objective}", experiment=experiment, dataset="x", objective=objective, seeds=seeds
    )
