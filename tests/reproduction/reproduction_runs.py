"""Rules and invented runs that the tests of this room share."""

from ebmrepro.reproduction.decision import Judgement, decide
from ebmrepro.reproduction.judgement import examine
from ebmrepro.reproduction.rules import Margin, PairedComparison, RunResult

PAIRED = PairedComparison(
    kind="paired_comparison",
    experiment="digits",
    metric="gap",
    better="lower",
    method="icd",
    baseline="cd",
    minimum_seeds=2,
    margin=Margin(absolute=0.5),
)
# By which PAIRED is reproduced if it is alone: differences -1, -1.4, -0.8, -1.6, p = 0.007.
LOW, HIGH = [1.0, 1.0, 1.0, 1.0], [2.0, 2.4, 1.8, 2.6]


def run(
    objective: str, metric: str, values: list, diverged: dict | None = None, experiment="digits", name=None
):
    """A run with one value for each seed; `diverged`: seed -> iteration."""
    metrics = {seed: {} if value is None else {metric: value} for seed, value in enumerate(values)}
    return RunResult(name or f"x_{objective}", experiment, "x", objective, metrics, diverged or {})


def judge_test(rule, runs: list) -> Judgement:
    """The verdict of one test that is the only one of its preset."""
    return decide([examine(rule, runs)])[0]
