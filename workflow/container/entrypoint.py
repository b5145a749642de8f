"""What `docker run IMAGE ...` does: look at the mounted folder, say in one sentence what is wrong, hand over.

    IMAGE                         snakemake in the mounted folder; an empty one becomes the demo
    IMAGE ARGUMENTS...            snakemake ARGUMENTS...
    IMAGE dvc|ebm|pytest|bash ... that command
    IMAGE preset NAME             print a preset, to be kept as params.yaml

Only what the standard library and the YAML parser can do is done here: it costs a tenth of a second.
Exit codes are those of `ebm`: 1 the machine or the folder, 2 params.yaml.
"""

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

IMAGE = Path(__file__).parents[2]
# What a folder needs beside params.yaml. The Snakefile comes last: a folder that has one was completed.
PROJECT = (
    "src",
    "workflow",
    "contents",
    "dvc.yaml",
    ".dvc",
    ".dvcignore",
    ".gitignore",
    "bootstrap.lock",
    "requirements.lock",
    "Snakefile",
)
REVISION_FILE = ".ebm-revision"
COMMANDS = ("snakemake", "dvc", "ebm", "pytest", "bash", "python")
LIMITS = ("--cores", "-c", "--jobs", "-j", "--profile", "--executor", "-e")


class Refused(Exception):
    """Nothing was started; the message says what to change."""

    def __init__(self, message: str, code: int = 1):
        super().__init__(message)
        self.code = code


def main(arguments: list[str]) -> int:
    """Run the command that `arguments` ask for; its exit code."""
    folder = Path.cwd()
    command = arguments if arguments and arguments[0] in COMMANDS else ["snakemake", *arguments]
    if arguments[:1] == ["preset"]:
        print(preset(arguments[1:]), end="")
        return 0
    check_temporary(Path(os.environ.get("TMPDIR", "/tmp")))
    asks_for_help = {"--help", "-h", "--version"} & set(command)
    if command[0] == "pytest" and not asks_for_help:
        check_shared_memory()
        if not (folder / "tests").is_dir():
            folder = own_checkout()
            os.chdir(folder)
    if command[0] in ("snakemake", "dvc") and not asks_for_help:
        check_folder(folder, mounts())
        complete(folder)
        check_gpu(folder / "params.yaml", Path("/dev"))
    if command[0] == "snakemake":
        command = within_quota(command, cpu_quota(Path("/sys/fs/cgroup")))
    if (folder / "src/ebmrepro").is_dir():
        # The code that the runners watch for changes is the code that runs.
        paths = [str(folder / "src"), os.environ.get("PYTHONPATH", "")]
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    return hand_over(command)


def hand_over(command: list[str]) -> int:
    """Run `command`; after a stop, the container lives until every process of it has saved its state.

    The stop reaches the whole process group. The shells between Snakemake and its jobs die of it, Snakemake
    takes that for the end of the jobs and ends as well: training would be cut off while it writes.
    """
    stopped = []
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda received, frame: stopped.append(received))
    child = subprocess.Popen(command)
    code = child.wait()
    while stopped and others_of_the_group(Path("/proc")):
        time.sleep(0.05)
    return code if code >= 0 else 128 - code


def others_of_the_group(processes: Path) -> list[int]:
    """Live processes of this one's group."""
    found = []
    for entry in processes.glob("[0-9]*/stat"):
        try:
            # The name, in brackets, may hold anything.
            state, _, group = entry.read_text(errors="replace").rpartition(")")[2].split()[:3]
        except (OSError, ValueError):
            continue
        if int(group) == os.getpgrp() and state not in "ZX" and int(entry.parent.name) != os.getpid():
            found.append(int(entry.parent.name))
    return found


def preset(names: list[str]) -> str:
    """Text of the preset that is asked for."""
    known = {path.stem: path for path in sorted((IMAGE / "workflow/presets").glob("*.yaml"))}
    if len(names) != 1 or names[0] not in known:
        raise Refused(f"preset: name one of {', '.join(known)}", 2)
    return known[names[0]].read_text(encoding="utf-8")


def check_temporary(folder: Path) -> None:
    """Temporary files can be written, and what libraries keep below HOME."""
    if not os.access(folder, os.W_OK):
        raise Refused(f"{folder} cannot be written: add --tmpfs {folder}")
    home = os.environ.get("HOME", "")
    if not (os.path.isdir(home) and os.access(home, os.W_OK)):
        os.environ["HOME"] = tempfile.mkdtemp(prefix="ebm-home-", dir=folder)


def mounts(table: Path = Path("/proc/self/mountinfo")) -> list[Path]:
    """Mount points of this container."""
    lines = table.read_text(encoding="utf-8").splitlines()
    # Blanks and the like stand there as octal numbers.
    return [Path(line.split()[4].encode().decode("unicode_escape")) for line in lines]


def check_folder(folder: Path, mounted: list[Path]) -> None:
    """The current folder outlives the container and can be written."""
    if not any(point in (folder, *folder.parents) for point in mounted if point != Path("/")):
        raise Refused(f'nothing is mounted at {folder}, so results would be lost: add -v "$PWD:{folder}"')
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as failure:
        raise Refused(
            f"{folder} cannot be written by user {os.getuid()} ({failure.strerror}): "
            'mount it without :ro and add --user "$(id -u):$(id -g)" of a user who may write there'
        ) from None


def complete(folder: Path) -> None:
    """Put the project beside a params.yaml that stands alone; an empty folder becomes the demo.

    A file that is there is never replaced, and a folder with a Snakefile (a checkout) is left as it is.
    """
    params = folder / "params.yaml"
    if not params.exists():
        if any(folder.iterdir()):
            raise Refused(
                f"params.yaml is missing from {folder}, which is not empty: mount a checkout or an empty "
                "folder, or keep what `docker run --rm IMAGE preset demo` prints there as params.yaml",
                2,
            )
        copy(IMAGE / "workflow/presets/demo.yaml", params)
    if (folder / "Snakefile").exists():
        say_differences(folder)
        return
    (folder / REVISION_FILE).write_text(f"{revision()}\n", encoding="utf-8")
    for name in PROJECT:
        source = IMAGE / name
        inner = sorted(path for path in source.rglob("*") if path.is_file()) if source.is_dir() else [source]
        for path in inner:
            target = folder / path.relative_to(IMAGE)
            if "__pycache__" in path.parts or target.exists():
                continue
            if name == "Snakefile" and not (folder / ".git").exists():
                # DVC works without git if told so.
                (folder / ".dvc/config.local").write_text("[core]\n    no_scm = true\n", encoding="utf-8")
            copy(path, target)


def copy(source: Path, target: Path) -> None:
    """A copy that is whole or not there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".writing-{os.getpid()}-{target.name}")
    shutil.copyfile(source, part)
    part.replace(target)


def revision() -> str:
    """Commit of the project in the image."""
    return os.environ.get("EBM_REVISION", "unknown")


def say_differences(folder: Path) -> None:
    """Code and packages that are not the same in folder and image are legal, and said."""
    kept = folder / REVISION_FILE
    if kept.exists() and (theirs := kept.read_text(encoding="utf-8").strip()) != revision():
        print(
            f"ebm: the code in {folder} is of revision {theirs} and is what runs; that of the image "
            f"({revision()}) is taken if you delete Snakefile, dvc.yaml, src and workflow there",
            file=sys.stderr,
        )
    lock = folder / "requirements.lock"
    if lock.exists() and lock.read_bytes() != (IMAGE / "requirements.lock").read_bytes():
        print(f"ebm: packages are the image's, not those of {lock}", file=sys.stderr)


def check_shared_memory() -> None:
    """There is enough of it for a lock between processes: one test needs that, the pipeline needs nothing."""
    try:
        multiprocessing.Lock()
    except OSError as failure:
        raise Refused(
            f"the tests need a little shared memory and /dev/shm gives none ({failure.strerror}): "
            "leave out --ipc=none, or add --shm-size=64m"
        ) from None


def check_gpu(params: Path, devices: Path) -> None:
    """If params.yaml asks for a GPU there must be one: said before the first job, not by it."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        device = YAML(typ="safe", pure=True).load(params.read_text(encoding="utf-8"))["compute"]["device"]
    except (OSError, YAMLError, KeyError, TypeError, UnicodeDecodeError):
        # Whatever else is wrong with the file, Snakemake and ebm say with its line.
        return
    if device == "cuda" and not [*devices.glob("nvidia[0-9]*"), *devices.glob("dxg")]:
        raise Refused(
            "params.yaml asks for a GPU (compute.device: cuda) and this container has none: "
            "add --gpus all (Apptainer: --nv), or set compute.device to cpu",
            2,
        )


def cpu_quota(cgroup: Path) -> int | None:
    """Cores that --cpus allows, None if it was not given; Python and Snakemake see all of the machine's."""
    try:
        if (cgroup / "cpu.max").exists():
            quota, period = (cgroup / "cpu.max").read_text().split()
        else:
            quota = (cgroup / "cpu/cpu.cfs_quota_us").read_text()
            period = (cgroup / "cpu/cpu.cfs_period_us").read_text()
        return max(1, int(quota) // int(period)) if int(quota) > 0 else None
    except (OSError, ValueError):
        return None


def within_quota(command: list[str], quota: int | None) -> list[str]:
    """Snakemake's command line with as many jobs at a time as there are cores to run them."""
    if quota is None or any(word.startswith(LIMITS) for word in command):
        return command
    return [*command, "--cores", str(quota)]


def own_checkout() -> Path:
    """The image's project as a checkout that can be written: its tests need git."""
    folder = Path(tempfile.mkdtemp(prefix="ebm-tests-"))
    shutil.copytree(IMAGE, folder, dirs_exist_ok=True)
    git = ["git", "-C", str(folder), "-c", "user.name=ebm", "-c", "user.email=ebm@localhost"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "--all"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", f"revision {revision()}"], check=True)
    return folder


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Refused as refusal:
        print(f"ebm: {refusal}", file=sys.stderr)
        sys.exit(refusal.code)
