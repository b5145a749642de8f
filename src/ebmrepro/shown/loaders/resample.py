"""Stage resample: the models of a run, sampled and measured by another protocol."""

from collections.abc import Mapping
from typing import NamedTuple

from ebmrepro.shown.load import Source
from ebmrepro.shown.loaders.evaluate import Measured, measured
from ebmrepro.shown.runs import NothingToShow


class Resampled(NamedTuple):
    """A run's models sampled as `source` does, by chains of `generation` in params.yaml, and measured."""

    name: str
    source: str
    generation: Mapping[str, str | float | bool | None]
    measured: Measured


def for_table(source: Source) -> Resampled:
    """The metrics of every seed; the data set's own numbers stand in the files of stage evaluate."""
    item, content = source.item, source.content
    run = content["run"]
    if all(label.name != run for label in source.labels):
        raise NothingToShow(f"{item} was made with {run}: run `ebm resample {item}`")
    return Resampled(item, content["source"], content["generation"], measured(content, source.label(run)))
