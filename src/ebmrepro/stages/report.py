"""report: the verdicts of the current preset, and one page over every preset found."""

from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from ebmrepro.checks.load import PARAMS_FILE
from ebmrepro.files import workspace
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.root import Params
from ebmrepro.report.page import Preset, render
from ebmrepro.reproduction.judge import VERDICTS, judge, not_run
from ebmrepro.reproduction.rules import RunResult, load_claims, load_published
from ebmrepro.shown.caption import PAPER_PRESET, where

# What a comparison measures itself; the rest it has from the other stages.
COSTS = ("seconds_per_step", "forward_passes", "backward_passes")

NOT_RUN = f"preset {PAPER_PRESET} has not run in this checkout"


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

    verdicts = judge(claims, published, params.preset, _results(params), scope)
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
    for name, entry in params.runs.items():
        path = workspace.run_file(params.preset, "evaluate", entry.experiment, name, ".json")
        found[name] = _result(path, workspace.load_json(path), f"evaluate {name}")
    for stage, section in (("detect", params.outliers), ("denoise", params.denoisings)):
        for name, entry in section.items():
            path = workspace.run_file(params.preset, stage, entry.experiment, name, ".json")
            content = workspace.load_json(path)
            for run in params.runs_of(entry.experiment):
                found[run] = _merged(found[run], content, path)
    for name in params.comparisons:
        path = workspace.run_file(params.preset, "compare", name, name, ".json")
        content = workspace.load_json(path)
        for run in params.shown_runs("compare", name):
            found[run] = _merged(found[run], content, path, COSTS)
    for name, entry in params.compositions.items():
        path = workspace.run_file(params.preset, "compose", entry.experiment, name, ".json")
        content = workspace.load_json(path) | {"run": name, "objective": "composition"}
        # Not under its name alone, which a run may have too.
        found["compose", name] = _result(path, content, f"compose {name}")
    return list(found.values())


def _result(path: Path, content: dict, command: str) -> RunResult:
    try:
        return RunResult.model_validate(content)
    except ValidationError:
        raise WorkspaceError(f"{path} holds no metrics: delete it, then run `ebm {command}`") from None


def _merged(result: RunResult, content: dict, path: Path, keys: Iterable[str] | None = None) -> RunResult:
    """`result` with what another stage measured of the run; of that only `keys`, if given."""
    seeds = {}
    for seed, own in result.seeds.items():
        try:
            metrics = content["runs"][result.run]["seeds"][str(seed)]["metrics"]
            metrics = {key: metrics[key] for key in keys or metrics}
        except KeyError:
            raise WorkspaceError(
                f"{path} has no metrics of run {result.run} with seed {seed}: delete it, then run `snakemake`"
            ) from None
        twice = sorted(own.metrics.keys() & metrics.keys())
        if twice:
            raise WorkspaceError(
                f"{path} measures {', '.join(twice)} of run {result.run} a second time, and no verdict could"
                " tell which is meant: no two outliers, denoisings or comparisons may measure the same"
            )
        seeds[seed] = own.model_copy(update={"metrics": own.metrics | metrics})
    return result.model_copy(update={"seeds": seeds})


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
        workspace.read_text(Path(PARAMS_FILE)),
    )


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
