"""A pipeline under way in Slurm, and what became of its jobs."""

import itertools
import time

import pytest
from cluster import Cluster, jobs_of
from pipeline_tools import Checkout, kill_group

# One run of the pipeline takes minutes; a hanging one must end.
RUN_SECONDS = 1500


class Run:
    """A pipeline that is watched: who computes on which GPU, and what a test does to its jobs."""

    def __init__(self, checkout: Checkout, *command: str):
        self.checkout = checkout
        self.log = checkout / "run.log"
        self.started = time.monotonic()
        self.process = checkout.start("bash", "-c", 'exec "$@" > run.log 2>&1', "run", *command)
        # Of each process: what it saw when it was met first, and until when it was seen.
        self.seen: dict[tuple, dict] = {}
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
                    self.seen.setdefault((job["pid"], job["start"]), job)["end"] = now
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


def sent_jobs(cluster: Cluster, checkout: Checkout) -> dict[str, list[str]]:
    """The Slurm jobs that did a thing in a checkout, oldest first: comment -> numbers."""
    listed = cluster.ask("squeue", "--noheader", "--states=all", "--sort=i", "--format=%k|%i|%Z").stdout
    jobs: dict[str, list[str]] = {}
    for line in listed.splitlines():
        comment, job, folder = line.split("|")
        if folder == str(checkout.folder):
            jobs.setdefault(comment, []).append(job)
    return jobs


def fate(cluster: Cluster, job: str) -> dict[str, str]:
    """What Slurm says of a job: JobState, Restarts, SubmitTime, EligibleTime and more."""
    words = cluster.ask("scontrol", "show", "job", job).stdout.split()
    return dict(word.split("=", 1) for word in words if "=" in word)
