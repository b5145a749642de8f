# What the rules share: validated parameters, names of files, dependencies on code.

import sys
from pathlib import Path

import yaml

from ebmrepro.params.base import ParamsError
from ebmrepro.checks.load import load_params
from ebmrepro.flow.runners import hold_this_folder, read_plain, sync_after_run
from ebmrepro.files.workspace import FIGURE_SUFFIXES, MEASURED_SUFFIXES, PREPARED, RUN_SUFFIXES, TABLE_SUFFIXES, data_sha256

try:
    PARAMS = load_params()
except ParamsError as failure:
    # Before anything else: one line, nothing written.
    print(f"ebm: {failure}", file=sys.stderr)
    sys.exit(2)

RESULTS = f"results/{PARAMS.preset}"
SHOWN = f"paper_figures/{PARAMS.preset}"
LOGS = f"logs/{PARAMS.preset}"
# Stages that measure the models of an experiment together, and the section of their items.
MEASURED_FROM = {
    "compose": "compositions",
    "detect": "outliers",
    "denoise": "denoisings",
    "resample": "protocols",
}

# `ebm` of the environment that runs Snakemake, whether that is activated or not.
shell.prefix(
    f"export PATH={Path(sys.executable).parent}:$PATH EBM_RUNNER=snakemake; set -euo pipefail; "
)

if workflow.is_main_process:
    hold_this_folder()


onstart:
    # Its limit of jobs a second. A second after each look at its queue Snakemake looks again for the sake of that,
    # and with every job there is one more such look a second: after a hundred it computes as much as they do.
    workflow.scheduler.job_rate_limiter = None


wildcard_constraints:
    dataset="[a-z0-9_]+",
    experiment="[a-z0-9_]+",
    run="[a-z0-9_]+",
    composition="[a-z0-9_]+",
    outliers="[a-z0-9_]+",
    denoising="[a-z0-9_]+",
    protocol="[a-z0-9_]+",
    comparison="[a-z0-9_]+",
    figure="|".join(PARAMS.figures) or "none",
    table="|".join(PARAMS.tables) or "none",


def one_source_of_parameters(config):
    """Jobs read params.yaml: refuse --config and --configfile, which they would not see."""
    if config != yaml.safe_load(Path("params.yaml").read_text()):
        print(
            "ebm: change params.yaml instead of using --config or --configfile",
            file=sys.stderr,
        )
        sys.exit(2)
    # Snakemake reads YAML 1.1, the jobs and DVC read 1.2: go on with theirs.
    config.clear()
    config.update(read_plain("params.yaml"))


def everything():
    """What `snakemake` makes: figures in git alone are no run, so models and samples are asked for too."""
    wanted = ["paper_figures/report.html"]
    wanted += [
        f"{SHOWN}/{figure}{suffix}"
        for figure in PARAMS.figures
        for suffix in FIGURE_SUFFIXES
    ]
    wanted += [
        f"{SHOWN}/{table}{suffix}"
        for table in PARAMS.tables
        for suffix in TABLE_SUFFIXES
    ]
    for run in PARAMS.runs:
        wanted += [path for stage in RUN_SUFFIXES for path in run_files(stage, run)]
    return wanted


def code(*modules):
    """Files of the package that decide a stage's result; a folder stands for its modules."""
    found = []
    for module in modules:
        path = Path("src/ebmrepro") / module
        found += (
            sorted(p for p in path.rglob("*") if p.is_file())
            if path.is_dir()
            else [path]
        )
    return [str(path) for path in found if path.parent.name != "__pycache__"]


def values(*keys):
    """The parameters a job depends on, by dotted key, as they stand in params.yaml."""
    chosen = {}
    for key in keys:
        node = config
        for part in key.split("."):
            node = node[part]
        chosen[key] = node
    return chosen


def run_files(stage, run):
    """What a stage writes for a run."""
    folder = f"{RESULTS}/{stage}/{PARAMS.runs[run].experiment}"
    return [f"{folder}/{run}{suffix}" for suffix in RUN_SUFFIXES[stage]]


def stage_files(stage, experiment):
    """What a stage writes for an experiment: for its runs, its compositions or its outliers."""
    if stage in MEASURED_FROM:
        items = getattr(PARAMS, MEASURED_FROM[stage])
        names = [name for name in items if items[name].experiment == experiment]
        folder = f"{RESULTS}/{stage}/{experiment}"
        return [
            f"{folder}/{name}{end}"
            for name in names
            for end in MEASURED_SUFFIXES[stage]
        ]
    if stage == "compare":
        # `experiment` is the name of a comparison.
        return [f"{RESULTS}/compare/{experiment}/{experiment}.json"]
    return [
        path for run in PARAMS.runs_of(experiment) for path in run_files(stage, run)
    ]


def shown_files(section):
    """The input of a figure or table: its stage's files for its experiment."""

    def files(wildcards):
        item = getattr(PARAMS, section)[wildcards[0]]
        return stage_files(item.stage, item.experiment)

    return files


def fingerprint(source):
    """What Snakemake cannot see of a folder: the names and sizes of the files below it."""
    path = Path(source)
    if not path.is_dir():
        return None
    files = sorted(p for p in path.rglob("*") if p.is_file())
    return data_sha256([(str(p.relative_to(path)), p.stat().st_size) for p in files])


include: "resources.smk"
