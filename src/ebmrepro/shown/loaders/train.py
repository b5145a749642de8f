"""Stage train: a run's training log."""

import io
from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from ebmrepro.evaluation.survival import collapsed_at
from ebmrepro.files import workspace
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.swept import Place, places
from ebmrepro.shown.load import Source, outcomes
from ebmrepro.shown.runs import Outcome, RunLabel


class Curves(NamedTuple):
    """A run's training log (columns of ebmrepro.training.log, all seeds) and each seed's outcome.

    `place`: where the run stands among those that are shown with it.
    """

    run: RunLabel
    log: pd.DataFrame
    outcomes: Mapping[int, Outcome]
    place: Place = Place("", {}, 0)

    @property
    def survived(self) -> tuple[list[int], list[bool]]:
        """Of each seed the iterations until it died or training ended, and whether it died."""
        ends = [end.death for end in self.outcomes.values()]
        return [end[0] if end else self.place.iterations for end in ends], [end is not None for end in ends]


def for_figure(source: Source) -> tuple[Curves, list]:
    """The log and how each seed ended."""
    status, path = source.content, source.path(".csv")
    text = workspace.read_text(path, status.get("log_sha256", ""))
    place = places(source.params, [label.name for label in source.labels])[source.item]
    try:
        log = pd.read_csv(io.StringIO(text))
        ends = {
            seed: end._replace(
                collapsed_at=collapsed_at(log[log.seed == seed], status["seeds"][str(seed)].get("iterations"))
            )
            for seed, end in outcomes(status["seeds"]).items()
        }
        curves = Curves(source.label(source.item), log, ends, place)
        _ = log[["seed", "iteration", "energy_gap"]]
    except (ValueError, KeyError, AttributeError):
        raise WorkspaceError(f"{path} is no training log: delete it, then run `snakemake`") from None
    return curves, [text, status["seeds"], place]
