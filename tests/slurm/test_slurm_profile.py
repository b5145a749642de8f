"""Profile and script as far as they can be tried without a Slurm: programs stand in for its commands."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from pipeline_tools import ROOT, Checkout, make_checkout

from ebmrepro.params.stages import STAGES

PROFILE = ROOT / "workflow/profiles/slurm/config.yaml"
SCRIPT = ROOT / "workflow/slurm/pipeline.sbatch"


@pytest.fixture
def stand_in(tmp_path, monkeypatch) -> Callable[[str, str], None]:
    """Put a program of this name and text before all others; none of those that stand in is Slurm's."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def make(name: str, text: str) -> None:
        (folder / name).write_text(f"#!/bin/bash\n{text}\n")
        (folder / name).chmod(0o755)

    for name in ("sbatch", "squeue", "scontrol", "sacct", "scancel"):
        make(name, f'echo "$0 $*" >> {tmp_path}/asked; exit 1')
    make("sinfo", "echo check; echo long")
    return make


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Checkout:
    """Planned in, never run in."""
    return make_checkout(tmp_path_factory.mktemp("run"))


def test_the_profile_takes_every_job_of_the_flow(checkout, stand_in):
    planned = [
        sorted(
            line.strip()
            for line in checkout.snakemake("--dry-run", *arguments).stdout.splitlines()
            if line.strip().startswith("Shell command: ebm")
        )
        for arguments in ((), ("--workflow-profile", "workflow/profiles/slurm"))
    ]
    assert planned[0] == planned[1]
    assert len(planned[0]) > 30


def test_the_groups_of_the_profile_are_rules_of_the_flow():
    profile = yaml.safe_load(PROFILE.read_text())
    rules = {stage.name for stage in STAGES}
    groups = dict(group.split("=") for group in profile["groups"])
    assert set(groups) <= rules
    # A training has a place in the queue of its own.
    assert "train" not in groups and "prepare" not in groups
    # Without these two a cancelled or orphaned job ends the pipeline or lets it wait for ever.
    assert profile["slurm-status-command"] == "squeue"
    assert profile["slurm-requeue"] is True and profile["retries"] == 3


def test_an_unknown_partition_is_one_sentence_before_anything_is_sent(checkout, stand_in, tmp_path):
    done = checkout.snakemake(
        *("--workflow-profile", "workflow/profiles/slurm", "--default-resources", "slurm_partition=gpus"),
        code=2,
    )
    sentences = [line for line in done.stderr.splitlines() if line.startswith("ebm:")]
    assert sentences == [
        "ebm: slurm_partition: this cluster has no partition 'gpus'; choose one of check, long"
        " (--default-resources slurm_partition=NAME)"
    ]
    assert "Traceback" not in done.stderr
    asked = tmp_path / "asked"
    assert not asked.exists() or "sbatch" not in asked.read_text()
    assert not (checkout / "results").exists()


def test_a_partition_that_is_there_or_none_is_no_matter(checkout, stand_in):
    for arguments in ((), ("--default-resources", "slurm_partition=check,long")):
        assert "ebm:" not in checkout.snakemake("--dry-run", *arguments).stderr


def test_a_partition_for_one_rule_is_looked_up_too(checkout, stand_in):
    done = checkout.snakemake("--dry-run", "--set-resources", "train:slurm_partition=gpus", code=2)
    assert "this cluster has no partition 'gpus'" in done.stderr


def test_a_cluster_that_does_not_answer_refuses_nothing(checkout, stand_in):
    stand_in("sinfo", "echo 'slurm_load_partitions: Unable to contact slurm controller' >&2; exit 1")
    done = checkout.snakemake("--dry-run", "--default-resources", "slurm_partition=gpus")
    assert "ebm:" not in done.stderr


@pytest.fixture
def script(tmp_path, stand_in):
    """Start pipeline.sbatch in an empty folder, with programs that stand in for snakemake and scontrol."""
    folder = tmp_path / "submitted"
    folder.mkdir()
    stand_in("scontrol", f'echo "$*" > {folder}/scontrol.said')

    def start(snakemake: str, **environment: str) -> tuple[subprocess.Popen, Path]:
        stand_in("snakemake", snakemake)
        process = subprocess.Popen(
            ["bash", str(SCRIPT), "--jobs", "7"],
            env=os.environ | {"SLURM_SUBMIT_DIR": str(folder), "SLURM_JOB_ID": "41"} | environment,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # A shell that runs the tests in the background ignores SIGINT, and so would all that it starts.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        return process, folder

    return start


def test_the_script_ends_as_snakemake_does_and_hands_on_its_arguments(script):
    process, folder = script('echo "$PWD $*"; exit 3')
    out, err = process.communicate(timeout=30)
    assert process.returncode == 3, err
    assert out == f"{folder} --workflow-profile workflow/profiles/slurm --jobs 7\n"
    assert not (folder / "scontrol.said").exists()


def test_the_script_stops_snakemake_and_asks_for_another_turn_when_its_time_ends(script):
    # SIGINT is what lets Snakemake cancel its jobs; ignored, it would end five minutes later by SIGKILL.
    process, folder = script(
        f'exec {sys.executable} -c "\nimport pathlib, time\n'
        "try:\n    pathlib.Path('ready').touch()\n    time.sleep(60)\n"
        "except KeyboardInterrupt:\n    pathlib.Path('interrupted').touch()\n\""
    )
    try:
        wait_for(folder / "ready")
        os.kill(process.pid, signal.SIGUSR1)
        wait_for(folder / "scontrol.said")
        assert (folder / "interrupted").exists()
        assert (folder / "scontrol.said").read_text() == "requeue 41\n"
        # Slurm ends it; till then it has no result.
        time.sleep(1)
        assert process.poll() is None
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, f"{path.name} was not written"
        time.sleep(0.02)


def test_the_script_without_an_environment_is_one_sentence(tmp_path):
    bash = shutil.which("bash")
    done = subprocess.run(
        [bash, str(SCRIPT)],
        env={"PATH": str(tmp_path), "SLURM_SUBMIT_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr == (
        "ebm: there is no snakemake here: run 'make .venv/installed' where there is a network\n"
    )
