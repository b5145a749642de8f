"""report: the verdicts of the current preset, and one page over every preset found."""

import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from ruamel.yaml import YAML

from ebmrepro.files import workspace
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params import stages
from ebmrepro.params.compositions import Composition
from ebmrepro.params.root import Params, Run
from ebmrepro.report.page import Preset, render
from ebmrepro.reproduction.judge import judge, not_run
from ebmrepro.reproduction.judgement import VERDICTS
from ebmrepro.reproduction.rules import RunResult, SeedResult, load_claims, load_published
from ebmrepro.shown.caption import PAPER_PRESET, where
from ebmrepro.shown.data import NothingToShow
from ebmrepro.shown.labels import label_runs
from ebmrepro.shown.loaders import compare, compose, denoise, detect, evaluate
from ebmrepro.shown.loaders.compose import Composed
from ebmrepro.shown.loaders.evaluate import Measured

# What a comparison measures itself; the rest it has from the other stages.
COSTS = ("seconds_per_step", "forward_passes", "backward_passes")

NOT_RUN = f"preset {PAPER_PRESET} has not run in this checkout"


class _Place(NamedTuple):
    """Where the files of a stage lie, as an entry of figures or tables says it to the loaders."""

    stage: str
    experiment: str


def run(params: Params) -> None:
    """Judge and write; raises WorkspaceError if a metrics file, figure or table is missing or damaged."""
    claims, published = load_claims(), load_published()

    def scope(experiment: str, runs: Iterable[str]) -> str | None:
        members = params.runs_of(experiment)
        if not members:
            return None
        # A composition is no run: it stands for all that its experiment has.
        shown = [name for name in members if name in runs] or members
        return f"{params.preset}: {where(params, shown)}"

    try:
        results = _results(params)
    except NothingToShow as failure:
        raise WorkspaceError(str(failure)) from None
    verdicts = judge(claims, published, params.preset, results, scope)
    current = _current(params, verdicts)
    presets = [current, *(_found(name) for name in _others(params.preset))]
    try:
        page = render(
            presets,
            [report.model_dump() for report in published.rerun_reports],
            VERDICTS,
            [claim.model_dump(include={"key", "text", "source", "confidence"}) for claim in claims],
            not_run(claims, published, PAPER_PRESET, NOT_RUN),
        )
    except (ValueError, KeyError, TypeError) as failure:
        raise WorkspaceError(
            f"{workspace.FIGURES} holds what this version did not write ({failure}): run `snakemake`"
        ) from None
    workspace.save_json(workspace.verdicts_file(params.preset), verdicts)
    workspace.write_text(workspace.REPORT, page)


def _results(params: Params) -> list[RunResult]:
    """Every run with the metrics of all stages that measured it, and every composition."""
    found = {}
    for record in _records(params, evaluate):
        run = record.run.name
        found[run] = _result(run, params.runs[run], params.resolve(run, "objective").kind, record)
    for loader, keys in ((detect, None), (denoise, None), (compare, COSTS)):
        for record in _records(params, loader):
            for member in record.runs:
                found[member.run.name] = _merged(found[member.run.name], member.metrics, record.name, keys)
    for record in _records(params, compose):
        # Not under its name alone, which a run may have too.
        entry = params.compositions[record.name]
        found["compose", record.name] = _result(record.name, entry, "composition", record)
    return list(found.values())


def _records(params: Params, loader: ModuleType) -> Iterator:
    """What the files of a stage hold of each of its items."""
    stage = loader.__name__.rpartition(".")[2]
    for item, entry in getattr(params, stages.stage(stage).section).items():
        place = _Place(stage, getattr(entry, "experiment", item))
        labels = label_runs(params, params.shown_runs(*place))
        yield loader.for_table(params, place, item, labels)[0]


def _result(name: str, entry: Run | Composition, objective: str, record: Measured | Composed) -> RunResult:
    seeds = {seed: SeedResult(record.metrics[seed], end.diverged_at) for seed, end in record.outcomes.items()}
    return RunResult(name, entry.experiment, entry.dataset, objective, seeds)


def _merged(result: RunResult, measured: Mapping, where: str, keys: Iterable[str] | None) -> RunResult:
    """`result` with what `where` measured of the run; of that only `keys`, if given."""
    seeds = {}
    for seed, own in result.seeds.items():
        try:
            metrics = {key: measured[seed][key] for key in keys or measured[seed]}
        except KeyError:
            raise WorkspaceError(
                f"{where} has no metrics of run {result.run} with seed {seed}: delete its files, then run"
                " `snakemake`"
            ) from None
        twice = sorted(own.metrics.keys() & metrics.keys())
        if twice:
            raise WorkspaceError(
                f"{where} measures {', '.join(twice)} of run {result.run} a second time, and no verdict could"
                " tell which is meant: no two outliers, denoisings or comparisons may measure the same"
            )
        seeds[seed] = own._replace(metrics=own.metrics | metrics)
    return result._replace(seeds=seeds)


def _current(params: Params, verdicts: dict) -> Preset:
    """What params.yaml names, in its order: files of renamed figures are not shown."""
    folder = workspace.FIGURES / params.preset
    environments = {}
    for name, entry in params.runs.items():
        path = workspace.run_file(params.preset, "train", entry.experiment, name, ".json")
        environments[name] = workspace.load_json(path)["environment"]
    return Preset(
        params.preset,
        verdicts,
        {name: workspace.read_text(folder / f"{name}.md") for name in params.tables},
        {name: _png(folder / f"{name}.png") for name in params.figures},
        environments,
        _as_yaml(params),
    )


def _as_yaml(params: Params) -> str:
    """The parameters as they could stand in params.yaml, without its comments."""
    yaml, text = YAML(typ="safe", pure=True), io.StringIO()
    # Short mappings and lists in one line, in the order of the sections' fields; lines are not wrapped.
    yaml.default_flow_style, yaml.sort_base_mapping_type_on_output, yaml.width = None, False, 4096
    yaml.dump(params.model_dump(mode="json", exclude_unset=True), text)
    return text.getvalue()


def _others(current: str) -> list[str]:
    folders = workspace.FIGURES.iterdir() if workspace.FIGURES.is_dir() else ()
    names = sorted(path.name for path in folders if path.is_dir() and path.name != current)
    return [name for name in names if workspace.verdicts_file(name).is_file()]


def _found(name: str) -> Preset:
    """Another preset, from its files alone."""
    folder = workspace.FIGURES / name
    status = sorted((workspace.RESULTS / name / "train").glob("*/*.json"))
    return Preset(
        name,
        workspace.load_json(workspace.verdicts_file(name)),
        {path.stem: workspace.read_text(path) for path in sorted(folder.glob("*.md"))},
        {path.stem: _png(path) for path in sorted(folder.glob("*.png"))},
        {path.stem: workspace.load_json(path)["environment"] for path in status},
    )


def _png(path: Path) -> bytes:
    if not path.is_file():
        raise WorkspaceError(f"{path} is missing: run `ebm figure {path.stem}` or `snakemake`")
    return path.read_bytes()
