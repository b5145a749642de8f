"""dvc.yaml, the Snakefile and the table of jobs are one flow."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from dvc.repo import Repo
from pipeline_tools import ROOT, make_checkout

from ebmrepro.checks.load import load_params
from ebmrepro.flow.jobs import INPUTS, JOBS, all_jobs, listing

PRESETS = sorted((ROOT / "workflow/presets").glob("*.yaml"))
# These depend on the results by a hash in INPUTS, which stage `collect` writes.
COLLECTED = {"figure", "table", "report"}
ADDED = {"ebm check", "ebm collect"}


@pytest.fixture(scope="module", params=PRESETS, ids=lambda path: path.stem)
def checkout(request, tmp_path_factory):
    """A checkout with a preset, its params.yaml checked."""
    made = make_checkout(tmp_path_factory.mktemp(request.param.stem), request.param)
    for folder in load_params(made / "params.yaml").folders.values():
        (made / folder / "a_class").mkdir(parents=True)  # brought by the user, never part of a checkout
        (made / folder / "a_class/image.png").write_bytes(b"an image")
    made.run("ebm", "check")
    return made


@pytest.fixture
def jobs(checkout, monkeypatch) -> dict:
    """The table of jobs: command -> job."""
    monkeypatch.chdir(checkout.folder)
    return {job.command: job for job in all_jobs(load_params())}


@pytest.fixture(scope="module")
def stages(checkout) -> dict:
    """DVC's stages: command -> stage."""
    with Repo(str(checkout.folder)) as repo:
        return {stage.cmd: stage for stage in repo.index.stages}


def relative(items, folder: Path) -> set[str]:
    return {str(Path(item.fs_path).relative_to(folder)) for item in items if not hasattr(item, "params")}


def test_dvc_runs_the_jobs_of_the_table(jobs, stages):
    added = ADDED | {command for command in stages if command.startswith("ebm contents ")}
    assert set(stages) == set(jobs) | added
    assert len(jobs) > 10


def test_dvc_writes_what_the_table_says(jobs, stages, checkout):
    for command, job in jobs.items():
        assert relative(stages[command].outs, checkout.folder) == set(job.outputs), command


def test_dvc_reads_what_the_table_says(jobs, stages, checkout):
    """A dependency on a folder is one on what other stages write below it."""
    written = {path for job in jobs.values() for path in job.outputs}
    for command, job in jobs.items():
        found = set()
        for path in relative(stages[command].deps, checkout.folder):
            found |= {output for output in written if output.startswith(f"{path}/")} or {path}
        if job.stage.name == "report":
            assert found == {path for path in job.inputs if path.startswith("paper_figures/")}
        elif job.stage.name in COLLECTED:
            assert not found
        else:
            assert found == set(job.inputs), command


def test_dvc_takes_each_jobs_own_entry(jobs, stages):
    for command, job in jobs.items():
        own = job.stage.name if job.stage.section is None else f"{job.stage.name}.{job.item}"
        asked = {
            Path(dep.fs_path).name: set(dep.params) for dep in stages[command].deps if hasattr(dep, "params")
        }
        expected = {JOBS.name: {own}}
        if job.stage.name in COLLECTED:
            expected[INPUTS.name] = {own}
        assert asked == expected, command


def test_what_check_writes_is_the_table(checkout, jobs):
    written = json.loads((checkout / JOBS).read_text(encoding="utf-8"))
    assert written == json.loads(listing(load_params()))


def test_snakemake_plans_the_jobs_of_the_table(checkout, jobs):
    planned = checkout.snakemake("--dry-run", "--forceall").stdout
    commands = {
        line.split(": ", 1)[1].split(" > ")[0]
        for line in planned.splitlines()
        if line.startswith("Shell command: ebm")
    }
    assert (
        commands - {command for command in commands if command.startswith("ebm contents ")}
        == set(jobs) | ADDED
    )


def test_the_schema_file_is_that_of_the_models():
    printed = subprocess.run(
        [sys.executable, "-m", "ebmrepro", "schema"], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout
    assert (ROOT / "workflow/params.schema.json").read_text() == printed


def test_params_yaml_ships_as_the_demo():
    assert (ROOT / "params.yaml").read_text() == (ROOT / "workflow/presets/demo.yaml").read_text()


def test_shapes_of_the_house():
    """The Snakefile stays short, and no file of the package holds two ideas."""
    assert len((ROOT / "Snakefile").read_text().splitlines()) <= 40
    long = [str(p) for p in (ROOT / "src").rglob("*.py") if len(p.read_text().splitlines()) > 300]
    assert not long
    assert shutil.which("ebm", path=str(Path(sys.executable).parent))
