"""`make test-image`: the Dockerfile built and used as a cluster would, by a Docker daemon of its own.

What is tried is the last commit, on a base of this machine's distribution made with debootstrap: no image
registry is needed. Needs root, and the packages docker.io and debootstrap. EBM_CHECK_FOLDER names a folder
that keeps base, layers and the daemon's log for the next time (10 GB); without it all is removed. Arguments
go to pytest inside the container (default: the whole suite).
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daemon import Daemon, Failed, say, step
from runs import LOCKED_DOWN, UID, micro, mounted, same_bytes, stop_and_resume, with_micro

ROOT = Path(__file__).parents[2]
MEGABYTES_ABOVE_PACKAGES = 50
REBUILD_SECONDS = 20
# pytest's temporary files and DVC's, under its own rules, are more than /tmp.
SUITE = [
    *LOCKED_DOWN,
    "--tmpfs",
    "/tmp:exec",
    "--tmpfs",
    "/var/tmp",
    "--memory",
    "8g",
    "--pids-limit",
    "1024",
    # One of the tests has a process pool.
    "--ipc",
    "private",
]
# As `make test` does it, in as many processes as the container has cores.
PROCESSES = f"--numprocesses {min(2, os.cpu_count())} --dist loadfile --no-loadscope-reorder".split()
# Printed: the packages there. Refused: any that the locks do not name, or not so.
PACKAGES = """
from pathlib import Path
from ebmrepro.machine.packages import LOCKS, differences, installed, locked
there = installed()
print(*(f"{name}=={version}" for name, version in sorted(there.items())), sep="\\n")
raise SystemExit("; ".join(differences(there, locked(*(Path("/opt/ebm") / lock for lock in LOCKS)))) or None)
"""


def main(tests: list[str]) -> None:
    """Run every check; the first that fails ends it with a sentence and exit code 1."""
    kept = os.environ.get("EBM_CHECK_FOLDER")
    work = Path(kept or tempfile.mkdtemp(prefix="ebm-image-check-")).resolve()
    try:
        with Daemon(work) as docker:
            context = checkout(work / "context")
            build(docker, context)
            packages(docker)
            rebuild(docker, context)
            finished = micro(docker, work, revision(context))
            same_bytes(context, finished)
            by_name(docker, finished)
            refusals(docker, work)
            stop_and_resume(docker, work)
            suite(docker, work, tests)
    finally:
        for name in ("context", "mounts"):
            shutil.rmtree(work / name, ignore_errors=True)
        if not kept:
            shutil.rmtree(work, ignore_errors=True)


def checkout(folder: Path) -> Path:
    """A clone of the last commit."""
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    return folder


def revision(context: Path) -> str:
    """The commit that is tried."""
    head = ["git", "-C", str(context), "rev-parse", "HEAD"]
    return subprocess.run(head, capture_output=True, text=True, check=True).stdout.strip()


def build(docker: Daemon, context: Path) -> None:
    """The image, and how much of it is neither base nor packages."""
    with step("build"):
        docker.build(context)
    sizes = docker(
        "history", "--no-trunc", "--human=false", "--format", "{{.Size}} {{.CreatedBy}}", docker.IMAGE
    ).splitlines()
    packages = next(i for i, line in enumerate(sizes) if "uv pip install --compile-bytecode" in line)
    above, whole = (sum(int(line.split()[0]) for line in part) / 2**20 for part in (sizes[:packages], sizes))
    say(f"{whole:.0f} MB in all, {above:.1f} MB of them above the packages")
    if above > MEGABYTES_ABOVE_PACKAGES:
        raise Failed(f"layers above the packages have {above:.0f} MB, more than {MEGABYTES_ABOVE_PACKAGES}")


def packages(docker: Daemon) -> None:
    """The image has the packages of the locks, version by version, and no other."""
    ended = docker.run("run", "--rm", *LOCKED_DOWN, docker.IMAGE, "python", "-c", PACKAGES)
    if ended.returncode:
        raise Failed(f"packages of the image are not those of the locks: {ended.stderr[-2000:]}")
    say(f"{len(ended.stdout.split())} packages, those of the locks")


def rebuild(docker: Daemon, context: Path) -> None:
    """A changed source file costs seconds, and is what the new image runs."""
    with open(context / "src/ebmrepro/__init__.py", "a", encoding="utf-8") as file:
        file.write("CHANGED = 1\n")
    changed = f"{docker.IMAGE}-changed"
    with step("rebuild after a change of the source") as clock:
        docker.build(context, tag=changed)
    print_revision = "import os; from ebmrepro import CHANGED; print(os.environ['EBM_REVISION'])"
    said = docker("run", "--rm", *LOCKED_DOWN, changed, "python", "-c", print_revision).strip()
    if said != f"{revision(context)}-dirty":
        raise Failed(f"an image of a changed checkout says that it is of revision {said}")
    if clock.seconds > REBUILD_SECONDS:
        raise Failed(f"the rebuild took {clock.seconds:.0f} s, more than {REBUILD_SECONDS}")


def by_name(docker: Daemon, folder: Path) -> None:
    """dvc, ebm, pytest and Snakemake's own arguments."""
    run = ("run", "--rm", *LOCKED_DOWN, "-v", f"{folder}:/work", docker.IMAGE)
    with step("ebm, dvc, pytest and snakemake by name"):
        for arguments, expected in (
            (("ebm", "check"), "params.yaml is valid: preset micro"),
            (("dvc", "repro", "--single-item", "prepare@gaussian"), "Updating lock file"),
            (("pytest", "--version"), "pytest "),
            (("snakemake", "--version"), "9."),
            (("--summary",), "digits_icd"),
        ):
            said = docker.both(*run, *arguments)
            if expected not in said:
                raise Failed(f"{' '.join(arguments)} did not print {expected!r}: {said[-500:]}")


def refusals(docker: Daemon, work: Path) -> None:
    """Each mistake ends in one line that says what to change, before any job."""
    empty, foreign, full = (mounted(work, name) for name in ("empty", "foreign", "full"))
    os.chown(foreign, 0, 0)
    (full / "notes.txt").write_text("not a params.yaml\n")
    cuda = with_micro(docker, mounted(work, "cuda"), "device: cpu", "device: cuda")
    broken = with_micro(docker, mounted(work, "broken"), "preset: micro", "preset: [micro")
    no_tmp = [word for word in LOCKED_DOWN if word not in ("--tmpfs", "/tmp")]
    mistakes = (
        ([], 1, "nothing is mounted at /work"),
        (["-v", f"{empty}:/work:ro"], 1, "cannot be written by user 12345 (Read-only file system)"),
        (["-v", f"{foreign}:/work"], 1, "cannot be written by user 12345 (Permission denied)"),
        (["-v", f"{full}:/work"], 2, "params.yaml is missing from /work"),
        (["-v", f"{cuda}:/work"], 2, "add --gpus all"),
        (["-v", f"{broken}:/work"], 2, "params.yaml:"),
    )
    for options, code, sentence in mistakes:
        refused(docker, [*LOCKED_DOWN, *options], code, sentence)
    refused(docker, [*no_tmp, "-v", f"{empty}:/work"], 1, "add --tmpfs /tmp")
    refused(docker, LOCKED_DOWN, 1, "leave out --ipc=none", "pytest")
    say(f"{len(mistakes) + 2} mistakes refused in a sentence each")


def refused(docker: Daemon, options: list[str], code: int, sentence: str, *command: str) -> None:
    """This start must end with `code` and exactly one line of ours, which holds `sentence`."""
    ended = docker.run("run", "--rm", *options, docker.IMAGE, *command)
    lines = [line for line in ended.stderr.splitlines() if line.startswith("ebm: ")]
    if ended.returncode != code or len(lines) != 1 or sentence not in lines[0] or "Traceback" in ended.stderr:
        raise Failed(f"{sentence!r} with code {code} expected, got {ended.returncode}: {ended.stderr[-800:]}")


def suite(docker: Daemon, work: Path, tests: list[str]) -> None:
    """The tests inside, on a mounted clone."""
    folder = checkout(mounted(work, "suite"))
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, UID, UID, follow_symlinks=False)
    with step(f"pytest {' '.join(tests)}"):
        where = ("-v", f"{folder}:/work", "-e", "OMP_NUM_THREADS=1", docker.IMAGE)
        ended = docker.run("run", "--rm", *SUITE, *where, "pytest", *PROCESSES, *tests)
    passed = re.search(r"^(?:=+ )?(\d+ passed.*)$", ended.stdout, re.MULTILINE)
    if ended.returncode or not passed:
        raise Failed(f"pytest ended with {ended.returncode}:\n{ended.stdout[-6000:]}{ended.stderr[-2000:]}")
    say(passed[1].strip("= "))


@contextmanager
def said_in_one_line() -> Iterator[None]:
    """A failed check is a sentence, not a traceback."""
    try:
        yield
    except Failed as failure:
        print(f"ebm: {failure}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    # Ended from outside, it still ends its daemon.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with said_in_one_line():
        main(sys.argv[1:])
    print("make test-image: all checks passed")
