# What the rules share: validated parameters and the table of jobs.

import os
import sys
from functools import partial
from pathlib import Path
from shlex import quote

import yaml

from ebmrepro.checks.load import load_params
from ebmrepro.files.folder_contents import contents
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.flow.code import save_cache
from ebmrepro.flow.jobs import INPUTS, JOBS, all_jobs, checked, listing
from ebmrepro.flow.needs import judged, label, patterns
from ebmrepro.flow.runners import (
    hold_this_folder,
    record_what_was_left,
    refuse_what_is_dated_ahead,
    run_begins,
    say_what_is_uncommitted,
    sync_after_run,
)
from ebmrepro.forkserver.protocol import SOCKET, VARIABLE
from ebmrepro.forkserver.start import start_server
from ebmrepro.params.base import ParamsError
from ebmrepro.params.stages import STAGES

try:
    PARAMS = load_params()
    # Every job's code is looked up now: a module that is missing or is no Python stops it before any work.
    TABLE = {(job.stage.name, job.item): job for job in all_jobs(PARAMS)}
    LISTED = listing(PARAMS)
    save_cache()
    if workflow.is_main_process:
        refuse_what_is_dated_ahead(
            path for job in TABLE.values() for path in job.inputs
        )
except (ParamsError, WorkspaceError) as failure:
    # Before anything else: one line, nothing written.
    print(f"ebm: {failure}", file=sys.stderr)
    sys.exit(2 if isinstance(failure, ParamsError) else 1)

LOGS = f"logs/{PARAMS.preset}"

# `ebm` of the environment that runs Snakemake, whether that is activated or not.
shell.prefix(
    f"export PATH={quote(str(Path(sys.executable).parent))}:$PATH EBM_RUNNER=snakemake {VARIABLE}={SOCKET}; "
    "set -euo pipefail; "
)


def nothing_was_to_do():
    """Whether this was a run, and none with --dry-run, --touch or --no-hooks, that found all as it should be."""
    if workflow.executor_plugin is None or workflow.dryrun or workflow.touch:
        return False
    return not workflow.execution_settings.no_hooks


if workflow.is_main_process:
    hold_this_folder()
    record_what_was_left(nothing_was_to_do)
    if JOBS.exists() and JOBS.read_text(encoding="utf-8") != LISTED:
        # A list of another params.yaml or of other code, whatever its time: it counts as older than they are.
        os.utime(JOBS, (1, 1))  # Snakemake takes 0 for a file that has no time.


wildcard_constraints:
    experiment="[a-z0-9_]+",
    item="[a-z0-9_]+",


def one_source_of_parameters(config):
    """Jobs read params.yaml: refuse --config and --configfile, which they would not see."""
    if config != yaml.load(
        Path("params.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader
    ):
        print(
            "ebm: change params.yaml instead of using --config or --configfile",
            file=sys.stderr,
        )
        sys.exit(2)


def everything():
    """What `snakemake` makes: figures in git alone are no run, so models and samples are asked for too."""
    outputs = [path for job in TABLE.values() for path in job.outputs]
    contents = [f"contents/{folder}.json" for folder in PARAMS.folders]
    return [*contents, str(JOBS), str(INPUTS), *outputs]


def inputs(stage, wildcards):
    """The files of other jobs that a job reads."""
    return known(stage, wildcards).inputs


def entry(stage, wildcards):
    """What decides a job's outputs beside its inputs: settings, code, packages."""
    return known(stage, wildcards).entry


def command(stage, wildcards):
    """What makes a job's outputs."""
    return known(stage, wildcards).command


def known(stage, wildcards):
    item = wildcards.get("item", stage)
    if (stage, item) not in TABLE:
        raise WorkflowError(f"params.yaml asks {stage} for no '{item}'")
    return TABLE[stage, item]
