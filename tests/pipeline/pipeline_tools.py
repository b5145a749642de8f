"""A checkout to run the pipeline in, and the two runners as a user calls them."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from ebmrepro.checks.load import load_params
from ebmrepro.flow.jobs import all_jobs

ROOT = Path(__file__).parents[2]
MICRO = ROOT / "workflow/presets/micro.yaml"
TIMEOUT = 600
# They make no result: what each job is told, and what is drawn from which results.
LISTS = {"check", "collect"}


class Checkout:
    """A git + DVC checkout with the micro preset, and commands run in it."""

    def __init__(self, folder: Path):
        self.folder = folder

    def __truediv__(self, name: str) -> Path:
        return self.folder / name

    @property
    def environment(self) -> dict[str, str]:
        # The checkout's own code, and nothing inherited that a runner or DVC would read.
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("SNAKEMAKE", "DVC", "EBM", "GIT_"))}
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return kept | {"PATH": path, "PYTHONPATH": str(self.folder / "src")}

    def run(self, *command: str, code: int | None = 0) -> subprocess.CompletedProcess:
        """Run to the end; `code` is the exit code it must have, None for any."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=TIMEOUT,
        )
        if code is not None:
            assert done.returncode == code, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def start(self, *command: str) -> subprocess.Popen:
        """Start in a process group of its own, so that all of it can be killed."""
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def snakemake(self, *arguments: str, code: int | None = 0) -> subprocess.CompletedProcess:
        return self.run("snakemake", *arguments, code=code)

    def planned(self) -> set[str]:
        """`rule item` of every job that Snakemake plans."""
        done = self.snakemake("--dry-run")
        output = done.stdout + done.stderr
        jobs = set()
        for line in output.splitlines():
            words = line.strip().split()
            if "ebm" in words and ">" in words:
                jobs.add(" ".join(words[words.index("ebm") + 1 : words.index(">")]))
        assert bool(jobs) != ("Nothing to be done" in output), output
        return jobs - LISTS

    def stale(self) -> set[str]:
        """`stage item` of the jobs whose own settings, code or packages are others than when they last ran.

        As DVC sees it, once `ebm check` has run; jobs that only wait for these are not among them.
        """
        self.run("ebm", "check")
        changes = json.loads(self.run("dvc", "status", "--json").stdout)
        found = {
            stage.replace("@", " ")
            for stage, changed in changes.items()
            if any("jobs.json" in one.get("changed deps", {}) for one in changed if isinstance(one, dict))
        }
        return found - LISTS

    def waiting_for(self, jobs: set[str]) -> set[str]:
        """`jobs` and all that read, at any remove, what they write: by the table of jobs."""
        table = {job.command.removeprefix("ebm "): job for job in all_jobs(load_params(self / "params.yaml"))}
        while True:
            written = {path for name in jobs for path in table[name].outputs}
            more = {name for name, job in table.items() if written & set(job.inputs)}
            if more <= jobs:
                return jobs
            jobs = jobs | more

    def reproduced(self) -> set[str]:
        """`stage item` of every stage that `dvc repro` runs."""
        output = self.run("dvc", "repro").stdout
        marker = "Running stage '"
        stages = [
            line[len(marker) :].split("'")[0] for line in output.splitlines() if line.startswith(marker)
        ]
        return {stage.replace("@", " ") for stage in stages} - LISTS

    def edit(self, old: str, new: str) -> None:
        """Replace text that stands exactly once in params.yaml."""
        path = self.folder / "params.yaml"
        text = path.read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in params.yaml"
        path.write_text(text.replace(old, new))


def kill_group(process: subprocess.Popen) -> None:
    """kill -9 of a process and everything it started."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def make_checkout(folder: Path, params: Path = MICRO) -> Checkout:
    """What git would hold of this working tree, without results, committed in a new repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        source = ROOT / name
        if (
            name.startswith(("results/", "paper_figures/", "provenance/", "tests/"))
            or name in ("dvc.lock", "jobs.json", "inputs.json")
            or not source.exists()
        ):
            continue
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, folder / name, follow_symlinks=False)
    shutil.copy2(params, folder / "params.yaml")
    checkout = Checkout(folder)
    checkout.run("git", "init", "-q", "-b", "main")
    checkout.run("git", "config", "user.name", "test")
    checkout.run("git", "config", "user.email", "test@example.org")
    commit(checkout, "start")
    return checkout


def commit(checkout: Checkout, message: str) -> None:
    """Commit everything git sees."""
    checkout.run("git", "add", "-A")
    checkout.run("git", "commit", "-q", "-m", message)
