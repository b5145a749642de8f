"""Which files the stages write for which items."""

from collections.abc import Iterator
from pathlib import Path

from ebmrepro.files.workspace import FIGURES, REPORT, RESULTS, verdicts_file
from ebmrepro.params.root import Params
from ebmrepro.params.stages import Stage, stage


def outputs(params: Params, name: str, item: str) -> list[Path]:
    """The files that stage `name` writes for `item`, in the order of its suffixes."""
    written = stage(name)
    if written.section is None:
        return [verdicts_file(params.preset), REPORT]
    experiment = getattr(params, written.section)[item].experiment if written.by_experiment else None
    folder = folder_of(params.preset, written, item, experiment)
    return [folder / f"{item}{suffix}" for suffix in written.suffixes]


def folder_of(preset: str, written: Stage, item: str, experiment: str | None) -> Path:
    """The folder that a stage's files of an item lie in."""
    if written.is_drawn:
        return FIGURES / preset
    folder = RESULTS / preset / written.name
    if written.by_experiment:
        return folder / experiment
    return folder if written.name == "prepare" else folder / item


def prepared(params: Params, dataset: str, *parts: str) -> Iterator[Path]:
    """The files of a prepared data set: those called `parts`, or all of them."""
    return (path for path in outputs(params, "prepare", dataset) if not parts or path.stem in parts)


def results_of(params: Params, name: str, experiment: str) -> Iterator[Path]:
    """What stage `name` wrote for an experiment, of `compare` for a comparison, for figures and tables."""
    for item in params.items_of(name, experiment):
        yield from outputs(params, name, item)
