"""The micro pipeline through a real Slurm of two nodes: `make test-slurm`, as root, where Slurm is installed.

Not named test_*.py: `make test` must pass where there is no Slurm, and a skip there would hide that.
"""

import os
import re
import signal
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from cluster import GPUS_EACH, NODES, Cluster, jobs_of
from pipeline_tools import Checkout, make_checkout
from test_pipeline_runners import TIMED, hashes
from watch import RUN_SECONDS, Run, fate, sent_jobs

pytestmark = pytest.mark.timeout(3600)
PROFILE = ("--workflow-profile", "workflow/profiles/slurm")
# GPUs are asked for; torch finds none behind Slurm's device files and computes on the processor.
GPU_WANTED = ("compute: {device: cpu, threads: 1}", "compute: {device: auto, threads: 1}")
# Long enough to be met in the middle.
LONGER = ("    iterations: 60\n", "    iterations: 300\n")
MOST_OVERHEAD = 3.0


def micro(folder: Path) -> Checkout:
    folder.mkdir()
    checkout = make_checkout(folder)
    checkout.edit(*GPU_WANTED)
    checkout.edit(*LONGER)
    return checkout


def decided(checkout: Checkout) -> dict[str, str]:
    """What must have the same bytes wherever it was made."""
    return {name: sha for name, sha in hashes(checkout).items() if not name.startswith(TIMED)}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    made = Cluster()
    # Ended by a signal, pytest would leave the daemons behind.
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("stopped by SIGTERM", returncode=143))
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def local(tmp_path_factory) -> tuple[dict[str, str], float]:
    """Hashes and seconds of the same pipeline without Slurm."""
    checkout = micro(tmp_path_factory.mktemp("local") / "run")
    start = time.monotonic()
    checkout.snakemake("--cores", "all")
    return decided(checkout), time.monotonic() - start


def has_checkpoint(checkout: Checkout, run: str) -> bool:
    """Whether a training is in its middle."""
    return any((checkout / ".work").glob(f"micro-{run}-*/seed*.safetensors"))


def test_the_pipeline_through_two_nodes_is_that_of_one_machine(cluster, local, tmp_path):
    checkout = micro(tmp_path / "run")
    run = Run(checkout, "snakemake", *PROFILE)
    assert run.until_over() == 0, run.log.read_text()[-3000:]
    here, seconds = local
    assert decided(checkout) == here
    assert not run.shared_gpus()
    assert not run.without_gpu()
    # Only GPUs in use at the same time can be booked twice.
    assert run.most_gpus >= len(NODES) * GPUS_EACH - 1
    # Figures and their like took no place in the queue, samples and numbers of a run took one.
    done = sent_jobs(cluster, checkout)
    assert not [comment for comment in done if re.search("figure|table|report", comment)]
    assert len(done["rule_measure_digits_digits_icd_evaluate_sample"]) == 1
    assert len(done["rule_train_wildcards_digits_digits_icd"]) == 1
    assert "up to date" in checkout.run("dvc", "status").stdout
    print(f"\nmicro: {seconds:.0f} s here, {run.seconds:.0f} s by Slurm, GPUs in use {run.most_gpus}")
    assert run.seconds <= MOST_OVERHEAD * seconds


class Mischief:
    """Three trainings, met in the middle: one cancelled, one out of time, one on a node that dies."""

    CANCELLED, LATE, ORPHAN = "train digits_icd", "train gaussian_cd", "train bars_rbm"

    def __init__(self, cluster: Cluster, checkout: Checkout):
        self.cluster, self.checkout = cluster, checkout
        self.met: dict[str, dict] = {}
        self.dead: str | None = None
        self.revived = False
        self.asked = 0.0

    def __call__(self, jobs: list[dict]) -> None:
        for job in jobs:
            if job["command"] in (self.CANCELLED, self.LATE, self.ORPHAN) and job["command"] not in self.met:
                self._meet(job)
        if time.monotonic() < self.asked + 1:
            return
        self.asked = time.monotonic()
        # The node dies last: the job that is late may be on it.
        if {self.ORPHAN, self.LATE} <= self.met.keys() and self.dead is None:
            if self.fate(self.LATE)["JobState"] == "TIMEOUT":
                self.dead = self.met[self.ORPHAN]["node"]
                self.cluster.kill_node(self.dead)
        elif self.dead and not self.revived and self.cluster.node_states()[self.dead].startswith("down"):
            self.cluster.start_node(self.dead)
            self.revived = True

    def _meet(self, job: dict) -> None:
        run = job["command"].split()[1]
        if not has_checkpoint(self.checkout, run):
            return
        os.kill(job["pid"], signal.SIGSTOP)
        self.met[job["command"]] = job
        if job["command"] == self.CANCELLED:
            self.cluster.ask("scancel", job["job"])
        elif job["command"] == self.LATE:
            # Stopped, it never ends by itself; one minute is the shortest limit there is.
            self.cluster.ask("scontrol", "update", f"JobId={job['job']}", "TimeLimit=1")

    def fate(self, command: str) -> dict[str, str]:
        """What became of the Slurm job in which `command` was met."""
        return fate(self.cluster, self.met[command]["job"])


def test_cancelled_late_and_orphaned_jobs_change_no_byte(cluster, local, tmp_path):
    checkout = micro(tmp_path / "run")
    mischief = Mischief(cluster, checkout)
    run = Run(checkout, "snakemake", *PROFILE)
    assert run.until_over(mischief) == 0, run.log.read_text()[-3000:]
    assert set(mischief.met) == {mischief.CANCELLED, mischief.LATE, mischief.ORPHAN}
    assert mischief.revived
    assert mischief.fate(mischief.CANCELLED)["JobState"] == "CANCELLED"
    assert mischief.fate(mischief.LATE)["JobState"] == "TIMEOUT"
    # Slurm put the same job into the queue again, and it went on elsewhere.
    orphan = mischief.fate(mischief.ORPHAN)
    assert (orphan["JobState"], orphan["Restarts"]) == ("COMPLETED", "1")
    assert decided(checkout) == local[0]
    assert not run.shared_gpus()
    print(f"\nscancel, time limit and kill -9 of {mischief.dead}: {run.seconds:.0f} s")


class Survivor:
    """A training that lives on after its slurmd died, until a copy of it has found its folder busy."""

    ITS = "train digits_icd"
    BUSY = "digits_icd is being trained by another process in this folder"

    def __init__(self, cluster: Cluster, checkout: Checkout):
        self.cluster, self.checkout = cluster, checkout
        self.log = checkout / "logs/micro/train/digits/digits_icd.log"
        self.met: dict | None = None
        self.busy = False

    def __call__(self, jobs: list[dict]) -> None:
        if self.met is None:
            for job in jobs:
                if job["command"] == self.ITS and has_checkpoint(self.checkout, "digits_icd"):
                    # A training of hours, as far as Slurm can see.
                    os.kill(job["pid"], signal.SIGSTOP)
                    self.met = job
                    self.cluster.kill_slurmd(job["node"])
        elif not self.busy and self.BUSY in self.log.read_text():
            assert self.met["pid"] in {job["pid"] for job in jobs}
            self.busy = True
            os.kill(self.met["pid"], signal.SIGCONT)


def test_a_job_that_outlives_its_slurmd_changes_no_byte(cluster, local, tmp_path):
    checkout = micro(tmp_path / "run")
    survivor = Survivor(cluster, checkout)
    run = Run(checkout, "snakemake", *PROFILE)
    assert run.until_over(survivor) == 0, run.log.read_text()[-3000:]
    assert survivor.busy
    # The copy that Slurm started found the folder busy; what Snakemake sent afterwards did not.
    sent = sent_jobs(cluster, checkout)["rule_train_wildcards_digits_digits_icd"]
    copy, second = (fate(cluster, job) for job in sent)
    assert (copy["JobState"], copy["Restarts"], second["JobState"]) == ("FAILED", "1", "COMPLETED")
    submitted, eligible = (datetime.fromisoformat(second[f"{when}Time"]) for when in ("Submit", "Eligible"))
    # A minute, counted from when sbatch was called.
    assert (eligible - submitted).total_seconds() > 50
    assert decided(checkout) == local[0]
    assert "up to date" in checkout.run("dvc", "status").stdout
    cluster.start_node(survivor.met["node"])
    cluster.wait_for_nodes()
    print(f"\nkill -9 of the slurmd of {survivor.met['node']} alone: {run.seconds:.0f} s")


def test_the_script_for_sites_without_a_login_node_goes_on_after_its_time(cluster, local, tmp_path):
    checkout = micro(tmp_path / "run")
    (checkout / "logs").mkdir()
    target = "results/micro/evaluate/gaussian/gaussian_cd.json"
    sent = checkout.run("sbatch", "--parsable", "workflow/slurm/pipeline.sbatch", target).stdout.strip()
    state, warned, deadline = "PENDING", False, time.monotonic() + RUN_SECONDS
    while state not in ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT"):
        log = checkout / f"logs/pipeline.{sent}.log"
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        training = any(job["command"] == "train gaussian_cd" for job in jobs_of(checkout.folder))
        if training and not warned:
            # What Slurm sends five minutes before the end.
            cluster.ask("scancel", "--signal=USR1", "--batch", sent)
            warned = True
        time.sleep(0.1)
        state = fate(cluster, sent)["JobState"]
    assert (state, warned) == ("COMPLETED", True), log.read_text()[-3000:]
    assert fate(cluster, sent)["Restarts"] == "1"
    made = decided(checkout)
    assert target in made
    assert made.items() <= local[0].items()


def test_an_unknown_partition_is_one_sentence(cluster, tmp_path):
    checkout = micro(tmp_path / "run")
    done = checkout.snakemake(*PROFILE, "--default-resources", "slurm_partition=gpus", code=2)
    sentences = [line for line in done.stderr.splitlines() if line.startswith("ebm:")]
    assert sentences == [
        "ebm: slurm_partition: this cluster has no partition 'gpus'; choose one of check"
        " (--default-resources slurm_partition=NAME)"
    ]
    assert "Traceback" not in done.stderr
    assert not sent_jobs(cluster, checkout)
    checkout.snakemake(*PROFILE, "--dry-run", "--default-resources", "slurm_partition=check")
