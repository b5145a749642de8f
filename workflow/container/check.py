"""`make test-image`: the Dockerfile built and used as a cluster would, by a Docker daemon of its own.

What is tried is the last commit, on a base of this machine's distribution made with debootstrap: no image
registry is needed. Needs root, and the packages docker.io and debootstrap. EBM_CHECK_FOLDER names a folder
that keeps base, layers and the daemon's log for the next time (10 GB); without it all is removed. Arguments
go to pytest inside the container (default: the whole suite).
"""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daemon import Daemon, Failed, say, step

ROOT = Path(__file__).parents[2]
UID = 12345
MEGABYTES_ABOVE_PACKAGES = 50
REBUILD_SECONDS = 20
# As a cluster starts a container it does not trust: no network, nothing to write but the mount and /tmp.
LOCKED_DOWN = (
    f"--read-only --tmpfs /tmp --network none --memory 3g --cpus {min(2, os.cpu_count())} --pids-limit 512 "
    f"--cap-drop ALL --security-opt no-new-privileges --user {UID}:{UID}"
).split()
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
]
MODEL = "results/micro/train/digits/digits_icd.safetensors"
LOG = "logs/micro/train/digits/digits_icd.log"
# Long enough to be stopped in the middle.
SHORT, LONG = "    iterations: 60\n", "    iterations: 600\n"


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
            finished = micro(docker, work)
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
    """The image has the packages of the environment that runs this check, version by version."""
    listing = ("-m", "pip", "list", "--format=freeze", "--disable-pip-version-check")
    ours = subprocess.run([sys.executable, *listing], capture_output=True, text=True, check=True).stdout
    theirs = docker("run", "--rm", *LOCKED_DOWN, docker.IMAGE, "python", *listing)
    different = sorted(set(ours.split()) ^ set(theirs.split()))
    if different:
        raise Failed(f"packages of image and .venv differ: {' '.join(different)}")
    say(f"{len(theirs.split())} packages, the same as in .venv")


def rebuild(docker: Daemon, context: Path) -> None:
    """A changed source file costs seconds."""
    with open(context / "src/ebm/__init__.py", "a", encoding="utf-8") as file:
        file.write("# changed\n")
    with step("rebuild after a change of the source") as clock:
        docker.build(context, tag=f"{docker.IMAGE}-changed")
    if clock.seconds > REBUILD_SECONDS:
        raise Failed(f"the rebuild took {clock.seconds:.0f} s, more than {REBUILD_SECONDS}")


def mounted(work: Path, name: str) -> Path:
    """An empty folder that the container's user may write."""
    folder = work / "mounts" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.chown(folder, UID, UID)
    return folder


def with_micro(docker: Daemon, folder: Path, old: str = "", new: str = "") -> Path:
    """`folder` with the micro preset as the image prints it, one text of it replaced."""
    text = docker("run", "--rm", *LOCKED_DOWN, docker.IMAGE, "preset", "micro")
    if old and text.count(old) != 1:
        raise Failed(f"{old!r} occurs {text.count(old)} times in preset micro")
    (folder / "params.yaml").write_text(text.replace(old, new) if old else text, encoding="utf-8")
    return folder


def micro(docker: Daemon, work: Path) -> Path:
    """params.yaml alone in a folder becomes a whole run, and a second call finds nothing to do."""
    folder = with_micro(docker, mounted(work, "micro"))
    with step(f"the micro preset as uid {UID}, read-only, no network"):
        docker("run", "--rm", *LOCKED_DOWN, "-v", f"{folder}:/work", docker.IMAGE)
    if not (folder / "paper_figures/report.html").stat().st_size:
        raise Failed("the run left no report")
    strangers = [
        path for path in folder.rglob("*") if path.name != "params.yaml" and path.lstat().st_uid != UID
    ]
    if strangers:
        raise Failed(f"{strangers[0]} does not belong to uid {UID}")
    with step("a second call"):
        said = docker.both("run", "--rm", *LOCKED_DOWN, "-v", f"{folder}:/work", docker.IMAGE, "--dry-run")
    if "Nothing to be done" not in said:
        raise Failed(f"a second call would run jobs again: {said[-500:]}")
    return folder


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
    for options, code, sentence in (
        ([], 1, "nothing is mounted at /work"),
        (["-v", f"{empty}:/work:ro"], 1, "cannot be written by user 12345 (Read-only file system)"),
        (["-v", f"{foreign}:/work"], 1, "cannot be written by user 12345 (Permission denied)"),
        (["-v", f"{full}:/work"], 2, "params.yaml is missing from /work"),
        (["-v", f"{empty}:/work", "--shm-size", "1m"], 1, "add --shm-size=64m"),
        (["-v", f"{cuda}:/work"], 2, "add --gpus all"),
        (["-v", f"{broken}:/work"], 2, "params.yaml:"),
    ):
        refused(docker, [*LOCKED_DOWN, *options], code, sentence)
    refused(docker, [*no_tmp, "-v", f"{empty}:/work"], 1, "add --tmpfs /tmp")
    say("8 mistakes refused in a sentence each")


def refused(docker: Daemon, options: list[str], code: int, sentence: str) -> None:
    """This start must end with `code` and exactly one line of ours, which holds `sentence`."""
    ended = docker.run("run", "--rm", *options, docker.IMAGE)
    lines = [line for line in ended.stderr.splitlines() if line.startswith("ebm: ")]
    if ended.returncode != code or len(lines) != 1 or sentence not in lines[0] or "Traceback" in ended.stderr:
        raise Failed(f"{sentence!r} with code {code} expected, got {ended.returncode}: {ended.stderr[-800:]}")


def stop_and_resume(docker: Daemon, work: Path) -> None:
    """`docker stop` in mid-training keeps a checkpoint, from which a second run ends in the same bytes."""
    folders = [with_micro(docker, mounted(work, name), SHORT, LONG) for name in ("undisturbed", "stopped")]
    with step("training, undisturbed"):
        docker("run", "--rm", *LOCKED_DOWN, "-v", f"{folders[0]}:/work", docker.IMAGE, MODEL)
    folder = folders[1]
    name = "ebm-check-stopped"
    docker("run", "--detach", "--name", name, *LOCKED_DOWN, "-v", f"{folder}:/work", docker.IMAGE, MODEL)
    try:
        with step("training, until a checkpoint is there"):
            wait_for_checkpoint(docker, folder, name)
        with step("docker stop") as clock:
            docker("stop", "--time", "60", name)
        code = int(docker("inspect", "--format", "{{.State.ExitCode}}", name))
    finally:
        docker.run("rm", "--force", name)
    if clock.seconds > 50 or code in (0, 137):
        raise Failed(f"the container did not end by itself: code {code} after {clock.seconds:.0f} s")
    said = (folder / LOG).read_text(errors="replace")
    if (folder / MODEL).exists() or "stopped by SIGTERM; run again to go on" not in said:
        raise Failed(f"training did not save its state when it was stopped: {said[-800:]}")
    with step("training, second run"):
        docker("run", "--rm", *LOCKED_DOWN, "-v", f"{folder}:/work", docker.IMAGE, MODEL)
    first, second = (hashlib.sha256((path / MODEL).read_bytes()).hexdigest() for path in folders)
    if first != second:
        raise Failed("the model that was stopped and resumed has other bytes than the undisturbed one")
    say("the resumed model has the bytes of the undisturbed one")


def wait_for_checkpoint(docker: Daemon, folder: Path, name: str) -> None:
    """Until training has saved its state for the first time."""
    deadline = time.monotonic() + 300
    while not list((folder / ".work").glob("*/seed*.safetensors")):
        running = docker("inspect", "--format", "{{.State.Running}}", name).strip() == "true"
        if not running or time.monotonic() > deadline:
            raise Failed(f"no checkpoint appeared: {docker.both('logs', name)[-800:]}")
        time.sleep(0.05)


def suite(docker: Daemon, work: Path, tests: list[str]) -> None:
    """The tests inside, on a mounted clone."""
    folder = checkout(mounted(work, "suite"))
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, UID, UID, follow_symlinks=False)
    with step(f"pytest {' '.join(tests)}"):
        ended = docker.run("run", "--rm", *SUITE, "-v", f"{folder}:/work", docker.IMAGE, "pytest", *tests)
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
