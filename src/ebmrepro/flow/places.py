"""Which files the stages write for which items, one by one and as the patterns of Snakemake's rules."""

from pathlib import Path

from ebmrepro.files.workspace import FIGURES, REPORT, RESULTS, verdicts_file
from ebmrepro.params.root import Params
from ebmrepro.params.stages import Stage, stage


def outputs(params: Params, name: str, item: str) -> list[Path]:
    """The files that stage `name` writes for `item`, in the order of its suffixes."""
    one = stage(name)
    experiment = getattr(params, one.section)[item].experiment if one.by_experiment else ""
    return _files(params.preset, one, item, experiment)


def written(params: Params, *names: str) -> list[Path]:
    """All files that the stages `names`, which have items, write."""
    items = [(name, item) for name in names for item in getattr(params, stage(name).section)]
    return [path for name, item in items for path in outputs(params, name, item)]


def prepared(params: Params, dataset: str, *parts: str) -> list[Path]:
    """The files of a prepared data set: those called `parts`, or all of them."""
    return [path for path in outputs(params, "prepare", dataset) if not parts or path.stem in parts]


def results_of(params: Params, name: str, experiment: str) -> list[Path]:
    """What stage `name` wrote for an experiment, of `compare` for a comparison."""
    return [path for item in params.items_of(name, experiment) for path in outputs(params, name, item)]


def patterns(preset: str, one: Stage) -> list[str]:
    """The files that a stage writes, with {item} and {experiment} for what differs from job to job."""
    return list(map(str, _files(preset, one, "{item}", "{experiment}")))


def label(one: Stage) -> str:
    """Where a job's log lies below the folder of logs, as a pattern."""
    if one.section is None:
        return one.name
    return f"{one.name}/{'{experiment}/' if one.by_experiment else ''}{{item}}"


def _files(preset: str, one: Stage, item: str, experiment: str) -> list[Path]:
    if one.section is None:
        return [verdicts_file(preset), REPORT]
    folder = RESULTS / preset / one.name
    if one.is_drawn:
        folder = FIGURES / preset
    elif one.by_experiment:
        folder /= experiment
    elif one.name != "prepare":
        folder /= item
    return [folder / f"{item}{suffix}" for suffix in one.suffixes]
