"""A Workflow Run RO-Crate of a preset: results, code and parameters, and for each job what made what.

Profile: Provenance Run Crate 0.5, the one of the Workflow Run RO-Crate family that describes every job
(https://w3id.org/ro/wfrun/provenance/0.5). Types and properties are the profile's and schema.org's own.
"""

import os
import shutil
from datetime import datetime
from pathlib import Path

from rocrate.model.contextentity import ContextEntity
from rocrate.rocrate import ROCrate

from ebmrepro.files.workspace import FIGURES, REPORT, TEMPORARY, WorkspaceError, verdicts_file
from ebmrepro.flow.jobs import Job
from ebmrepro.machine.packages import LOCKS
from ebmrepro.params.root import Params
from ebmrepro.params.stages import STAGES
from run_crate.files import Files, compact
from run_crate.jobs import describe_job

PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/provenance/0.5": ("Provenance Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
TERMS = "https://w3id.org/ro/terms/workflow-run#"
USED_TERMS = ("ContainerImage", "DockerImage", "containerImage", "resourceUsage", "sha256")
LICENCE = "https://spdx.org/licenses/MIT"
WORKFLOW_PROFILE = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
# What a checkout needs to run it again, beside the folders.
PROJECT = ("dvc.yaml", "Makefile", "LICENSE", "README.md", "pyproject.toml", *LOCKS)
FOLDERS = ("contents", "src", "workflow")
ENGINES = {
    "snakemake": ("https://snakemake.github.io", "Snakemake"),
    "dvc": ("https://dvc.org", "DVC"),
    "command line": ("https://packaging.python.org/en/latest/specifications/entry-points/", "ebm"),
}


def export(params: Params, jobs: list[tuple[Job, dict]], folder: Path, tensors: bool = True) -> None:
    """Write the crate of `jobs` (see `chain`) to `folder`, made for it.

    Without `tensors`, models, samples and prepared data stay out and are named by their SHA-256.
    Raises WorkspaceError if the folder exists.
    """
    if folder.exists():
        raise WorkspaceError(f"{folder} is there already: delete it or name another folder for the crate")
    crate = ROCrate(version="1.1")
    crate.metadata.extra_terms = {term: TERMS + term for term in USED_TERMS}
    files = Files(crate, jobs, tensors)
    ended = max(record["ended"] for _, record in jobs)
    _root(crate, params, files, ended)
    workflow = _workflow(crate, params, jobs, files)
    actions, controls = [], {}
    tools = _tools(crate, workflow, files, jobs)
    for job, record in jobs:
        tool, step = tools[job.stage.name]
        action = describe_job(crate, params, job, record, tool, files)
        control = crate.add(
            ContextEntity(
                crate,
                f"#control/{job.stage.name}/{job.item}",
                {"@type": "ControlAction", "name": f"orchestrate {job.command}"},
            )
        )
        control["instrument"], control["object"] = step, action
        actions.append(action)
        controls.setdefault(record["runner"], []).append(control)
    run = _run(crate, params, jobs, files, workflow)
    for runner, started in controls.items():
        records = [record for _, record in jobs if record["runner"] == runner]
        _engine(crate, runner, records, started, run)
    crate.root_dataset["mentions"] = [run, *actions]
    # Whole or not there.
    part = folder.with_name(f"{TEMPORARY}{os.getpid()}-{folder.name}")
    try:
        crate.write(part)
        for name in FOLDERS:
            ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(name, part / name, dirs_exist_ok=True, ignore=ignored)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _root(crate: ROCrate, params: Params, files: Files, ended: str) -> None:
    root = crate.root_dataset
    root["name"] = f"Energy-based model training, reproduced: preset {params.preset}"
    root["description"] = (
        "Data, models, metrics, figures, tables and verdicts of a preset, the code and parameters that made "
        "them, and for each job when, in which environment and on what machine it ran."
    )
    crate.datePublished = datetime.fromisoformat(ended)
    root["license"] = crate.add(
        ContextEntity(crate, LICENCE, {"@type": "CreativeWork", "name": "MIT License", "identifier": "MIT"})
    )
    root["conformsTo"] = [
        crate.add(ContextEntity(crate, url, {"@type": "CreativeWork", "name": name, "version": number}))
        for url, (name, number) in PROFILES.items()
    ]
    for name in PROJECT:
        if Path(name).exists():
            files.plain(name)
    # A folder that the image completed has none.
    if Path("README.md").exists():
        files.plain("README.md")["about"] = root
    for name in FOLDERS:
        crate.add_dataset(dest_path=name, properties={"name": f"{name}: code of the project"})


def _workflow(crate: ROCrate, params: Params, jobs: list[tuple[Job, dict]], files: Files):
    """The Snakefile, with what goes into it and what comes out of it as formal parameters."""
    types = ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"]
    workflow = crate.add_workflow(
        "Snakefile",
        "Snakefile",
        properties={"@type": types, "encodingFormat": "text/plain"},
        main=True,
        lang="snakemake",
    )
    workflow["name"] = "Energy-based model training, reproduced"
    workflow["conformsTo"] = {"@id": WORKFLOW_PROFILE}
    workflow["version"] = ", ".join(revisions(jobs))
    workflow["license"] = {"@id": LICENCE}
    shown = crate.add_dataset(
        dest_path=f"{FIGURES}/{params.preset}", properties={"name": f"Figures and tables of {params.preset}"}
    )
    slots = {
        "input": {"params.yaml": files.plain("params.yaml")},
        "output": {
            "figures_and_tables": shown,
            "verdicts": files[str(verdicts_file(params.preset))],
            "report": files[str(REPORT)],
        },
    }
    for direction, entities in slots.items():
        made = []
        for name, entity in entities.items():
            slot = crate.add_formal_parameter(
                name,
                "Dataset" if entity is shown else "File",
                identifier=f"#{direction}/{name}",
                properties={"workExample": {"@id": entity.id}},
            )
            entity["exampleOfWork"] = slot
            made.append(slot)
        workflow[direction] = compact(made)
    return workflow


def _tools(crate: ROCrate, workflow, files: Files, jobs: list[tuple[Job, dict]]) -> dict[str, tuple]:
    """For each stage that ran: its module as the tool, and its step of the workflow."""
    tools = {}
    present = {job.stage.name for job, _ in jobs}
    for position, stage in enumerate((one.name for one in STAGES if one.name in present), start=1):
        path = f"src/ebmrepro/stages/{stage}.py"
        ran = [pair for pair in jobs if pair[0].stage == stage]
        tool = files.plain(path, types=["File", "SoftwareSourceCode"])
        tool["name"] = f"ebm {stage}"
        tool["programmingLanguage"] = "Python"
        tool["version"] = ", ".join(revisions(ran))
        step = crate.add(
            ContextEntity(
                crate,
                f"#step/{stage}",
                {"@type": "HowToStep", "name": stage, "position": str(position)},
            )
        )
        step["workExample"] = tool
        workflow.append_to("hasPart", tool)
        workflow.append_to("step", step)
        tools[stage] = tool, step
    return tools


def _run(crate: ROCrate, params: Params, jobs: list[tuple[Job, dict]], files: Files, workflow):
    """The run of the whole: from params.yaml to figures, tables, verdicts and report."""
    shown = [
        path for job, _ in jobs if job.stage.name in ("figure", "table", "report") for path in job.outputs
    ]
    run = crate.add_action(
        workflow,
        identifier="#run",
        properties={
            "name": f"Run of preset {params.preset}",
            "description": f"{len(jobs)} jobs; seeds {', '.join(map(str, params.seeds))}",
            "startTime": min(record["started"] for _, record in jobs),
            "endTime": max(record["ended"] for _, record in jobs),
            "actionStatus": "http://schema.org/CompletedActionStatus",
        },
    )
    run["object"] = files.plain("params.yaml")
    run["result"] = compact([files[path] for path in shown])
    return run


def _engine(crate: ROCrate, runner: str, records: list[dict], controls: list, run) -> None:
    url, name = ENGINES[runner]
    engine = crate.add(ContextEntity(crate, url, {"@type": "SoftwareApplication", "name": name, "url": url}))
    versions = {record["environment"]["versions"].get(runner) for record in records} - {None}
    if versions:
        engine["softwareVersion"] = ", ".join(sorted(versions))
    organised = crate.add(
        ContextEntity(
            crate,
            f"#jobs-started-by/{name.lower()}",
            {"@type": "OrganizeAction", "name": f"{len(controls)} jobs started by {name}"},
        )
    )
    organised["instrument"], organised["object"], organised["result"] = engine, compact(controls), run


def revisions(jobs: list[tuple[Job, dict]]) -> list[str]:
    """Commits that the jobs ran from, first use first; `-dirty` if the code was changed after it."""
    found = {}
    for _, record in jobs:
        code = record["code"]
        named = code["commit"] or f"unnamed code of SHA-256 {code['sha256']}"
        found[named + ("-dirty" if code["dirty"] else "")] = True
    return list(found)
