"""dvc.yaml and the Snakefile describe one graph, and it depends on all the code that decides a result."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from dvc.repo import Repo
from pipeline_tools import ROOT, make_checkout
from ruamel.yaml import YAML

from ebmrepro.checks.load import load_params
from ebmrepro.params.stages import STAGES

PRESETS = sorted((ROOT / "workflow/presets").glob("*.yaml"))

# Carries values and files between stages, decides none of them. The numbers in params are all written out in
# params.yaml, which has no defaults that a module could change.
PLUMBING = re.compile(
    r"ebm/(__init__|__main__|cli|device|machine|mapped|progress|workspace|params/.*|(stages|data|evaluation)/__init__)\.py"
)

# Dumps Snakemake's graph: what printdag prepares, as data.
DUMP = """
import json, sys
from pathlib import Path
from snakemake.api import SnakemakeApi
from snakemake.settings.types import DAGSettings, OutputSettings, ResourceSettings

with SnakemakeApi(OutputSettings(quiet={"all"})) as api:
    dag = api.workflow(resource_settings=ResourceSettings(cores=1), snakefile=Path("Snakefile")).dag(
        DAGSettings(forceall=True)
    )
    workflow = dag.workflow_api._workflow
    workflow._prepare_dag(forceall=True, ignore_incomplete=True, lock_warn_only=True)
    workflow._build_dag()
    jobs = [
        {
            "command": job.shellcmd.split(" > ")[0],
            "inputs": sorted(set(map(str, job.input))),
            "outputs": sorted(map(str, job.output)),
            "params": job.params.get("values", {}),
        }
        for job in workflow.dag.jobs
        if job.rule.name != "all"
    ]
    Path(sys.argv[1]).write_text(json.dumps(jobs))
"""


@pytest.fixture(scope="module", params=PRESETS, ids=lambda path: path.stem)
def graphs(request, tmp_path_factory) -> tuple[dict, dict]:
    """Both graphs of a preset: command -> inputs, outputs, params."""
    folder = tmp_path_factory.mktemp(request.param.stem)
    checkout = make_checkout(folder, request.param)
    for dataset in load_params(folder / "params.yaml").datasets.values():
        if dataset.kind == "image_folder":
            (folder / dataset.source).mkdir()  # brought by the user, never part of a checkout
    checkout.run(sys.executable, "-c", DUMP, "graph.json")
    jobs = {job["command"]: job for job in json.loads((folder / "graph.json").read_text())}
    written = YAML(typ="safe", pure=True).load(folder / "params.yaml")
    with Repo(str(folder)) as repo:
        stages = {}
        for stage in repo.index.stages:
            values = {}
            for dep in stage.params:
                values |= {key: _lookup(written, key) for key in dep.params}
            if stage.cmd == "ebm check":
                continue  # Snakemake validates when it reads the Snakefile
            stages[stage.cmd] = {
                "inputs": [_relative(dep, folder) for dep in stage.deps if not hasattr(dep, "params")],
                "outputs": sorted(_relative(out, folder) for out in stage.outs),
                "params": values,
            }
    return jobs, _expand(stages, folder)


@pytest.fixture(scope="module")
def every_job(tmp_path_factory) -> dict:
    """The jobs of the demo, which uses every stage and embedded data set: command -> inputs."""
    checkout = make_checkout(tmp_path_factory.mktemp("demo"), ROOT / "params.yaml")
    checkout.run(sys.executable, "-c", DUMP, "graph.json")
    return {job["command"]: job for job in json.loads((checkout / "graph.json").read_text())}


def _relative(item, folder: Path) -> str:
    return str(Path(item.fs_path).relative_to(folder))


def _lookup(node, key: str):
    for part in key.split("."):
        node = node[part]
    return node


def _expand(stages: dict, folder: Path) -> dict:
    """A dependency on a folder is one on the modules in it, or on what other stages write below it."""
    outputs = [path for stage in stages.values() for path in stage["outputs"]]
    for stage in stages.values():
        found = set()
        for path in stage["inputs"]:
            below = [output for output in outputs if output.startswith(f"{path}/")]
            if not below and path.startswith("src/") and (folder / path).is_dir():
                below = [
                    str(p.relative_to(folder))
                    for p in (folder / path).rglob("*")
                    if p.is_file() and p.parent.name != "__pycache__"
                ]
            found |= set(below) or {path}
        stage["inputs"] = sorted(found)
    return stages


def test_both_runners_call_the_same_commands(graphs):
    jobs, stages = graphs
    assert set(jobs) == set(stages)
    assert len(jobs) > 10


@pytest.mark.parametrize("part", ["inputs", "outputs", "params"])
def test_both_runners_agree_on(graphs, part):
    jobs, stages = graphs
    for command, job in jobs.items():
        assert job[part] == stages[command][part], command


@pytest.mark.parametrize("stage", [stage.name for stage in STAGES])
def test_a_stage_depends_on_every_module_it_uses(every_job, stage):
    """What a stage can import is declared by its jobs, or is plumbing.

    A data set declares the one generator that made it, so the jobs of `prepare` are taken together.
    """
    declared = {
        path
        for command, job in every_job.items()
        if command.startswith(f"ebm {stage}")
        for path in job["inputs"]
    }
    used = _import_closure(f"stages/{stage}.py")
    missing = {f"src/{path}" for path in used if not PLUMBING.fullmatch(path)} - declared
    assert not missing


def _import_closure(module: str) -> set[str]:
    """Files of the package that `module` imports, at any depth and at any place in the file."""
    import ast

    package = ROOT / "src"
    todo, seen = [f"ebm/{module}"], set()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        for node in ast.walk(ast.parse((package / name).read_text())):
            wanted = []
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ebm"):
                wanted = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            elif isinstance(node, ast.Import):
                wanted = [alias.name for alias in node.names if alias.name.startswith("ebm")]
            for dotted in wanted:
                base = dotted.replace(".", "/")
                for candidate in (f"{base}.py", f"{base}/__init__.py"):
                    if (package / candidate).is_file():
                        todo.append(candidate)
    return seen


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
