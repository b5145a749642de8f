"""The micro pipeline through a real Slurm of two nodes: `make test-slurm`, as root, where Slurm is installed.

Not named test_*.py: `make test` must pass where there is no Slurm, and a skip there would hide that.
"""

import itertools
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster import GPUS_EACH, NODES, Cluster, jobs_of
from pipeline_tools import Checkout, kill_group, make_checkout
from test_pipeline_runners import TIMED, hashes

# One run of the pipeline takes minutes; a hanging one must end.
pytestmark = pytest.mark.timeout(3600)
RUN_SECONDS = 1500
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


class Run:
    """A pipeline under way in Slurm, watched: who computes on which GPU, and what a test does to its jobs."""

    def __init__(self, checkout: Checkout, *command: str):
        self.checkout = checkout
        self.log = checkout / "run.log"
        self.started = time.monotonic()
        self.process = checkout.start("bash", "-c", 'exec "$@" > run.log 2>&1', "run", *command)
        # Of each process: what it saw when it was met first, and until when it was seen.
        self.seen: dict[int, dict] = {}
        self.most_gpus = 0

    def until_over(self, look=lambda jobs: None) -> int:
        """Watch until Snakemake ends; `look` is shown the jobs at work again and again. The exit code."""
        try:
            while self.process.poll() is None:
                if time.monotonic() - self.started > RUN_SECONDS:
                    pytest.fail(f"not over after {RUN_SECONDS} s:\n{self.log.read_text()[-3000:]}")
                jobs = jobs_of(self.checkout.folder)
                now = time.clock_gettime(time.CLOCK_BOOTTIME)
                for job in jobs:
                    self.seen.setdefault(job["pid"], job)["end"] = now
                self.most_gpus = max(self.most_gpus, len({place for job in jobs for place in gpus_of(job)}))
                look(jobs)
                time.sleep(0.1)
        finally:
            if self.process.poll() is None:
                kill_group(self.process)
        self.seconds = time.monotonic() - self.started
        return self.process.returncode

    def shared_gpus(self) -> list[tuple]:
        """Every two processes of different jobs that saw the same GPU while both were at work."""
        places: dict[tuple, list[dict]] = {}
        for job in self.seen.values():
            for place in gpus_of(job):
                places.setdefault(place, []).append(job)
        return [
            (place, one["command"], other["command"])
            for place, users in places.items()
            for one, other in itertools.combinations(users, 2)
            if one["job"] != other["job"] and one["start"] < other["end"] and other["start"] < one["end"]
        ]

    def without_gpu(self) -> set[str]:
        """Trainings that saw none."""
        commands = {job["command"]: gpus_of(job) for job in self.seen.values()}
        return {command for command, places in commands.items() if command.startswith("train") and not places}


def gpus_of(job: dict) -> list[tuple[str, str]]:
    """Node and number of each GPU that a job sees."""
    return [(job["node"], gpu) for gpu in (job["gpu"] or "").split(",") if gpu]


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


def history(cluster: Cluster, checkout: Checkout) -> dict[str, list[str]]:
    """What became of the Slurm jobs that did a thing in a checkout, oldest first: comment -> states."""
    listed = cluster.ask("squeue", "--noheader", "--states=all", "--sort=i", "--format=%k|%T|%Z").stdout
    states: dict[str, list[str]] = {}
    for line in listed.splitlines():
        comment, state, folder = line.split("|")
        if folder == str(checkout.folder):
            states.setdefault(comment, []).append(state)
    return states


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
    # The figure and its like took one place in the queue, and so did samples and numbers of a run.
    done = history(cluster, checkout)
    assert [comment for comment in done if "figure" in comment or "table" in comment] == [
        "rule_show_figure_report_table"
    ]
    assert done["rule_measure_digits_digits_icd_evaluate_sample"] == ["COMPLETED"]
    assert done["rule_train_wildcards_digits_digits_icd"] == ["COMPLETED"]
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
            if self.state(self.LATE) == "TIMEOUT":
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

    def state(self, command: str) -> str:
        """What became of the Slurm job in which `command` was met."""
        job = self.met[command]["job"]
        listed = self.cluster.ask("squeue", "--noheader", "--states=all", f"--jobs={job}", "--format=%T")
        return listed.stdout.strip()


def test_cancelled_late_and_orphaned_jobs_change_no_byte(cluster, local, tmp_path):
    checkout = micro(tmp_path / "run")
    mischief = Mischief(cluster, checkout)
    run = Run(checkout, "snakemake", *PROFILE)
    assert run.until_over(mischief) == 0, run.log.read_text()[-3000:]
    assert set(mischief.met) == {mischief.CANCELLED, mischief.LATE, mischief.ORPHAN}
    assert mischief.revived
    assert mischief.state(mischief.CANCELLED) == "CANCELLED"
    assert mischief.state(mischief.LATE) == "TIMEOUT"
    # Slurm put the same job into the queue again, and it went on elsewhere.
    assert mischief.state(mischief.ORPHAN) == "COMPLETED"
    orphan = cluster.ask("scontrol", "show", "job", mischief.met[mischief.ORPHAN]["job"]).stdout
    assert "Restarts=1" in orphan
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
    done = history(cluster, checkout)["rule_train_wildcards_digits_digits_icd"]
    assert done == ["FAILED", "COMPLETED"]
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
        state = cluster.ask("squeue", "--noheader", "--states=all", f"--jobs={sent}", "--format=%T").stdout
        state = state.strip()
    assert (state, warned) == ("COMPLETED", True), log.read_text()[-3000:]
    assert "Restarts=1" in cluster.ask("scontrol", "show", "job", sent).stdout
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
    assert not history(cluster, checkout)
    checkout.snakemake(*PROFILE, "--dry-run", "--default-resources", "slurm_partition=check")
