"""Figures and tables of what their experiment does not have, and why."""

from collections.abc import Iterator

from ebmrepro.checks.measured import known_experiment
from ebmrepro.params.root import Params
from ebmrepro.params.stages import stage
from ebmrepro.params.words import Problem, no_such


def of_shown(params: Params) -> Iterator[Problem]:
    """Figures and tables whose experiment or comparison does not exist, or does not have what they show."""
    for section in ("figures", "tables"):
        for name, shown in getattr(params, section).items():
            here, chosen = (section, name), shown.experiment
            if not stage(shown.stage).by_experiment and chosen not in params.comparisons:
                reason = no_such("comparison", chosen, params.comparisons, "comparisons")
                yield (*here, "experiment"), reason
            elif stage(shown.stage).by_experiment and chosen not in params.experiments:
                yield from known_experiment(params, (*here, "experiment"), chosen)
            else:
                yield from (((*here, "kind"), reason) for reason in shown.problems(params))
