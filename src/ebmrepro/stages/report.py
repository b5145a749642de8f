"""report: the verdicts of the current preset, and one page over every preset found."""

import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

from ruamel.yaml import YAML

from ebmrepro.files import workspace
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params import stages
from ebmrepro.params.measured import Composition
from ebmrepro.params.root import Params, Run
from ebmrepro.report import page
from ebmrepro.reproduction.judge import judge, not_run
from ebmrepro.reproduction.kernels import beside
from ebmrepro.reproduction.published import load_published
from ebmrepro.reproduction.rules import RunResult, load_rules
from ebmrepro.shown.caption import PAPER_PRESET, where
from ebmrepro.shown.load import Source
from ebmrepro.shown.loaders import compare, compose, denoise, detect, evaluate
from ebmrepro.shown.loaders.compose import Composed
from ebmrepro.shown.loaders.evaluate import Measured
from ebmrepro.shown.runs import NothingToShow, label_runs
from ebmrepro.tables.rows import collapsed_at, diverged_at


def run(params: Params) -> None:
    """Judge and write; raises WorkspaceError if a metrics file, figure or table is missing or damaged."""
    rules, published = load_rules(), load_published()
    registered = rules.registered.get(params.preset)

    def scope(experiment: str, runs: Iterable[str]) -> str | None:
        members = params.runs_of(experiment)
        # A composition is no run: it stands for all that its experiment has.
        shown = [name for name in members if name in runs] or members
        return f"{params.preset}: {where(params, shown, registered)}" if members else None

    try:
        results = _results(params)
    except NothingToShow as failure:
        raise WorkspaceError(str(failure)) from None
    claims = rules.judged_in(params.preset)
    verdicts = judge(claims, published, params.preset, results, scope, registered)
    twice = workspace.other_kernels_file(params.preset)
    if twice.is_file():
        verdicts = beside(verdicts, workspace.load_json(twice))
    absent = not_run(
        rules.judged_in(PAPER_PRESET),
        published,
        PAPER_PRESET,
        f"preset {PAPER_PRESET} has not run in this checkout",
    )
    try:
        presets = [_current(params, verdicts), *_others(params.preset)]
        text = page.render(presets, claims, published.rerun_reports, absent)
    except (ValueError, KeyError, TypeError) as failure:
        raise WorkspaceError(
            f"{workspace.FIGURES} holds what this version did not write ({failure}): run `snakemake`"
        ) from None
    workspace.save_json(workspace.verdicts_file(params.preset), verdicts)
    workspace.write_text(workspace.REPORT, text)


def _results(params: Params) -> list[RunResult]:
    """Every run with the metrics of all stages that measured it, and every composition."""
    found = {}
    for record in _records(params, evaluate):
        run = record.run.name
        made = _result(run, params.runs[run], params.resolve(run, "objective").kind, record)
        found[run] = made._replace(method=record.run.method)
    for loader, keys in ((detect, None), (denoise, None), (compare, compare.COSTS)):
        for record in _records(params, loader):
            for member in record.runs:
                found[member.run.name] = _merged(found[member.run.name], member.metrics, record.name, keys)
    for record in _records(params, compose):
        # Not under its name alone, which a run may have too.
        entry = params.compositions[record.name]
        made = _result(record.name, entry, "composition", record)
        found["compose", record.name] = made._replace(draws=params.generations[entry.generation].samples)
    return list(found.values())


def _records(params: Params, loader: ModuleType) -> Iterator:
    """What the files of a stage hold of each of its items."""
    stage = loader.__name__.rpartition(".")[2]
    for item, entry in getattr(params, stages.stage(stage).section).items():
        experiment = getattr(entry, "experiment", item)
        labels = label_runs(params, params.shown_runs(stage, experiment))
        yield loader.for_table(Source(params, stage, experiment, item, labels))


def _result(name: str, entry: Run | Composition, objective: str, record: Measured | Composed) -> RunResult:
    diverged, collapsed = diverged_at(record), collapsed_at(record)
    about = name, entry.experiment, entry.dataset, objective, record.metrics
    return RunResult(*about, diverged, collapsed=collapsed)


def _merged(result: RunResult, measured: Mapping, where: str, keys: Iterable[str] | None) -> RunResult:
    """`result` with what `where` measured of the run; of that only `keys`, if given."""
    seeds = {}
    for seed, own in result.metrics.items():
        try:
            metrics = {key: measured[seed][key] for key in keys or measured[seed]}
        except KeyError:
            raise WorkspaceError(
                f"{where} has no metrics of run {result.run} with seed {seed}: delete its files, then run"
                " `snakemake`"
            ) from None
        twice = sorted(own.keys() & metrics.keys())
        if twice:
            raise WorkspaceError(
                f"{where} measures {', '.join(twice)} of run {result.run} a second time, and no verdict could"
                " tell which is meant: no two entries of ood, denoisings or comparisons may measure the same"
            )
        seeds[seed] = own | metrics
    return result._replace(metrics=seeds)


def _current(params: Params, verdicts: dict) -> dict:
    """What params.yaml names, in its order: files of renamed figures are not shown."""
    yaml, text = YAML(typ="safe", pure=True), io.StringIO()
    # Short mappings and lists in one line, in the order of the sections' fields; lines are not wrapped.
    yaml.default_flow_style, yaml.sort_base_mapping_type_on_output, yaml.width = None, False, 4096
    yaml.dump(params.model_dump(mode="json", exclude_unset=True), text)
    status = {
        name: workspace.run_file(params.preset, "train", entry.experiment, name, ".json")
        for name, entry in params.runs.items()
    }
    judged = page.judged(verdicts, params.preset)
    return _preset(params.preset, judged, params.tables, params.figures, status, text.getvalue())


def _others(current: str) -> Iterator[dict]:
    """The other presets that have verdicts, each from its files alone."""
    for folder in sorted(workspace.FIGURES.glob("*/")):
        name, verdicts = folder.name, workspace.verdicts_file(folder.name)
        if name != current and verdicts.is_file():
            try:
                judged = page.judged(workspace.load_json(verdicts), name)
            except (ValueError, KeyError, TypeError) as failure:
                remedy = f"delete it, then judge preset {name} anew by `snakemake` with its params.yaml"
                raise WorkspaceError(f"{verdicts} is of another version ({failure}): {remedy}") from None
            tables, figures = (sorted(path.stem for path in folder.glob(f"*.{end}")) for end in ("md", "png"))
            status = {p.stem: p for p in sorted((workspace.RESULTS / name / "train").glob("*/*.json"))}
            yield _preset(name, judged, tables, figures, status)


def _preset(
    name: str,
    judged: dict,
    tables: Iterable[str],
    figures: Iterable[str],
    status: Mapping[str, Path],
    params: str | None = None,
) -> dict:
    """A preset with its `tables` and `figures`, and the environments that its `status` files name."""
    folder = workspace.FIGURES / name
    environments = {run: workspace.load_json(path)["environment"] for run, path in status.items()}
    return judged | {
        "tables": [page.table(table, workspace.read_text(folder / f"{table}.md")) for table in tables],
        "figures": [page.figure(figure, _png(folder / f"{figure}.png")) for figure in figures],
        "environments": page.environments(environments),
        "params": params,
    }


def _png(path: Path) -> bytes:
    if not path.is_file():
        raise WorkspaceError(f"{path} is missing: run `ebm figure {path.stem}` or `snakemake`")
    return path.read_bytes()
