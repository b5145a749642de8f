"""Runs of the pipeline in the container: from a params.yaml to the report, and stopped in between."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from daemon import Daemon, Failed, say, step
from safetensors.numpy import load_file

UID = 12345
# As a cluster starts a container it does not trust: no network, nothing to write but the mount and /tmp,
# and no shared memory at all, of which the pipeline needs none.
LOCKED_DOWN = (
    f"--read-only --tmpfs /tmp --network none --memory 3g --cpus {min(2, os.cpu_count())} --pids-limit 512 "
    f"--cap-drop ALL --security-opt no-new-privileges --user {UID}:{UID} --ipc none"
).split()
MODEL = "results/micro/train/digits/digits_icd.safetensors"
LOG = "logs/micro/train/digits/digits_icd.log"
# Long enough to be stopped in the middle.
ITERATIONS = 600
SHORT, LONG = "    iterations: 60\n", f"    iterations: {ITERATIONS}\n"
# The second of two seeds: the first one is finished when its checkpoint appears.
CHECKPOINT = ".work/micro-digits_icd-*/seed1.safetensors"


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


def micro(docker: Daemon, work: Path, commit: str) -> Path:
    """params.yaml alone in a folder becomes a whole run, and a second call finds nothing to do."""
    folder = with_micro(docker, mounted(work, "micro"))
    name = docker("image", "inspect", "--format", "{{.Id}}", docker.IMAGE).strip()
    told = ("-e", f"EBM_IMAGE={name}")
    with step(f"the micro preset as uid {UID}, read-only, no network"):
        docker("run", "--rm", *LOCKED_DOWN, *told, "-v", f"{folder}:/work", docker.IMAGE)
    records(folder, name, commit)
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


def records(folder: Path, image: str, commit: str) -> None:
    """Each job's record names the image and its commit, which the job's own process was told."""
    files = sorted((folder / "provenance").rglob("*.json"))
    for path in files:
        record = json.loads(path.read_text(encoding="utf-8"))
        code, environment = record["code"], record["environment"]
        found = (environment["image"], code["commit"], code["source"], environment["packages_unlike_lock"])
        if found != (image, commit, "image", []):
            raise Failed(
                f"{path} records {found}, not image {image} of commit {commit} with its lock's packages"
            )
    models = {path.stem for path in folder.glob("results/micro/train/*/*.safetensors")}
    trained = {path.stem for path in files if path.parent.name == "train"}
    if not models or models != trained:
        raise Failed(f"records of training are of {sorted(trained)}, models are {sorted(models)}")
    say(f"{len(files)} records name the image, its commit and no package that the lock does not")


def same_bytes(context: Path, finished: Path) -> None:
    """One run again with .venv, in no container: data, model, samples and metrics have the same bytes."""
    shutil.copy(finished / "params.yaml", context / "params.yaml")
    target = "results/micro/evaluate/digits/digits_icd.safetensors"
    with step("one run of it without a container"):
        ran = subprocess.run(
            [sys.executable, "-m", "snakemake", "--cores", "2", target],
            cwd=context,
            env=os.environ | {"PYTHONPATH": str(context / "src")},
            capture_output=True,
            text=True,
        )
    if ran.returncode:
        raise Failed(f"snakemake without a container ended with {ran.returncode}: {ran.stderr[-2000:]}")
    files = [path.relative_to(context) for path in (context / "results/micro").rglob("*.safetensors")]
    for path in files:
        if sha256(context / path) != sha256(finished / path):
            raise Failed(f"{path} has other bytes in the container than without it")
    say(f"{len(files)} files have the same bytes in the container and without it")


def sha256(path: Path) -> str:
    """What tells two files apart."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


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
    checkpoint = next(folder.glob(CHECKPOINT))
    done = int(load_file(checkpoint)["iteration"])
    if not 0 < done < ITERATIONS:
        raise Failed(f"{checkpoint} is of iteration {done}, not of one in the middle")
    # Training that does not know the work of an earlier one as its own removes it and begins anew, which
    # would give the same bytes.
    before = checkpoint.parent.stat().st_ino
    with step(f"training, second run, from iteration {done} of the second seed's {ITERATIONS}"):
        docker("run", "--rm", *LOCKED_DOWN, "-v", f"{folder}:/work", docker.IMAGE, MODEL)
    if not checkpoint.parent.exists() or checkpoint.parent.stat().st_ino != before:
        raise Failed(f"the second run did not go on from {checkpoint}")
    if sha256(folders[0] / MODEL) != sha256(folder / MODEL):
        raise Failed("the model that was stopped and resumed has other bytes than the undisturbed one")
    say("the resumed model has the bytes of the undisturbed one")


def wait_for_checkpoint(docker: Daemon, folder: Path, name: str) -> None:
    """Until training has saved a state of its second seed."""
    deadline = time.monotonic() + 300
    while not list(folder.glob(CHECKPOINT)):
        running = docker("inspect", "--format", "{{.State.Running}}", name).strip() == "true"
        if not running or time.monotonic() > deadline:
            raise Failed(f"no checkpoint appeared: {docker.both('logs', name)[-800:]}")
        time.sleep(0.05)
