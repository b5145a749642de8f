"""Killed, misled and doubled runs."""

import hashlib
import random
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from pipeline_tools import Checkout, kill_group, make_checkout

from ebmrepro.forkserver.start import SERVE

# Long enough to be killed five times, short enough to be trained twice.
LONGER = ("    iterations: 60\n", "    iterations: 300\n")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def until(happened: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.02)


def forking_processes(checkout: Checkout) -> list[int]:
    """The server that forks this checkout's jobs, and these: their command line is the server's."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if SERVE in (process / "cmdline").read_text() and (process / "cwd").resolve() == checkout.folder:
                found.append(int(process.name))
    return found


def model_files(checkout: Checkout) -> list[Path]:
    folder = checkout / "results/micro/train/digits"
    return [folder / f"digits_icd{suffix}" for suffix in (".safetensors", ".csv", ".json")]


def start_training(checkout: Checkout) -> subprocess.Popen:
    """`ebm train digits_icd`, started and left alone until it has written a checkpoint."""
    checkout.edit(*LONGER)
    checkout.run("ebm", "prepare", "digits")
    process = checkout.start("ebm", "train", "digits_icd")
    deadline = time.monotonic() + 120
    while not list((checkout / ".work").glob("*/seed*.safetensors")):
        assert time.monotonic() < deadline, "no checkpoint appeared"
        time.sleep(0.02)
    return process


def stop_in_the_middle(checkout: Checkout) -> None:
    """Start `ebm train digits_icd` and kill it once it has written a checkpoint."""
    process = checkout.start("ebm", "train", "digits_icd")
    started, deadline = time.time(), time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        checkpoints = (checkout / ".work").glob("*/seed*.safetensors")
        if any(path.exists() and path.stat().st_mtime > started for path in checkpoints):
            break
        time.sleep(0.02)
    assert process.poll() is None, "it ended before it could be killed"
    kill_group(process)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Checkout:
    """A checkout in which digits_icd was trained in one go."""
    checkout = make_checkout(tmp_path_factory.mktemp("undisturbed"))
    checkout.edit(*LONGER)
    checkout.run("ebm", "prepare", "digits")
    checkout.run("ebm", "train", "digits_icd")
    return checkout


def test_training_killed_five_times_ends_in_the_same_bytes(undisturbed, fresh):
    fresh.edit(*LONGER)
    fresh.run("ebm", "prepare", "digits")
    moments = random.Random(20210718)
    kills = resumed = 0
    while kills < 5:
        process = fresh.start("ebm", "train", "digits_icd")
        checkpoints = list((fresh / ".work").glob("*/seed*.safetensors"))
        resumed += bool(checkpoints)
        # Start-up takes seconds: wait until it trains, then kill it at some moment after that.
        before = {path: path.stat().st_mtime_ns for path in checkpoints}
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            now = {
                p: p.stat().st_mtime_ns for p in (fresh / ".work").glob("*/seed*.safetensors") if p.exists()
            }
            if now != before:
                break
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 0.7))
        assert process.poll() is None, "the run ended before it could be killed five times"
        kill_group(process)
        kills += 1
    fresh.run("ebm", "train", "digits_icd")
    assert resumed >= 3, "at least three starts found a checkpoint to go on from"
    for ours, theirs in zip(model_files(fresh), model_files(undisturbed), strict=True):
        assert sha256(ours) == sha256(theirs), ours.name
    assert not list((fresh / ".work").glob("*/*.safetensors"))


def test_a_killed_snakemake_goes_on_when_called_again(fresh, finished):
    process = fresh.start("snakemake", "--cores", "all")
    model = fresh / "results/micro/prepare/digits/train.safetensors"
    deadline = time.monotonic() + 300
    while not model.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(4)
    assert process.poll() is None
    assert forking_processes(fresh)
    kill_group(process)
    until(lambda: not forking_processes(fresh), "the server, or a job of it, was left behind")
    assert list((fresh / ".snakemake/locks").glob("*.lock")), "the kill left Snakemake's lock behind"
    fresh.snakemake("--cores", "all")
    names = [
        "results/micro/train/digits/digits_icd.safetensors",
        "results/micro/evaluate/gaussian/gaussian_cd.json",
        "results/micro/compose/shapes/coloured.json",
        "results/micro/detect/digits/digits.json",
        "paper_figures/micro/digits_samples.png",
        "paper_figures/micro/gaussian.csv",
    ]
    assert [sha256(fresh / name) for name in names] == [sha256(finished / name) for name in names]
    assert fresh.planned() == set()


def test_sigterm_saves_and_says_so(fresh, undisturbed):
    process = start_training(fresh)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 128 + signal.SIGTERM
    fresh.run("ebm", "train", "digits_icd")
    for ours, theirs in zip(model_files(fresh), model_files(undisturbed), strict=True):
        assert sha256(ours) == sha256(theirs), ours.name


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("learning_rate: 0.001", "learning_rat: 0.001", "unknown key; did you mean 'learning_rate'?"),
        ("iterations: 60", "iterations: -60", "must be greater than or equal to 1, got -60"),
        ("batch_size: 16", "batch_size: many", "must be a valid integer, got 'many'"),
        (
            "    dataset: digits\n    train",
            "    dataset: digit\n    train",
            "there is no dataset 'digit'; did you mean 'digits'?",
        ),
        ("seeds: [0, 1]\n", "seeds: [0, 1]\nsedes: [0]\n", "sedes: unknown key"),
        ("preset: micro", "preset: [micro", "not valid YAML"),
    ],
)
def test_bad_parameters_stop_every_entry_before_any_work(fresh, old, new, message):
    fresh.edit(old, new)
    before = {
        path for path in fresh.folder.rglob("*") if ".git" not in path.parts and ".dvc" not in path.parts
    }

    for entry in (["ebm", "check"], ["ebm", "train", "digits_icd"], ["snakemake", "--cores", "1"]):
        done = fresh.run(*entry, code=2)
        lines = [line for line in done.stderr.splitlines() if line.startswith("ebm: ")]
        assert len(lines) == 1 and "params.yaml:" in lines[0] and message in lines[0], done.stderr
        assert "Traceback" not in done.stdout + done.stderr
    # dvc turns every failure of a stage, ours too, into its own exit code.
    done = fresh.run("dvc", "repro", code=255)
    assert "Traceback" not in done.stdout + done.stderr
    # What DVC's own templates stumble over first, it says in its own words.
    if "YAML" not in message and "dataset" not in message:
        assert message in done.stderr
    assert "Running stage 'prepare" not in done.stdout

    after = {
        path for path in fresh.folder.rglob("*") if ".git" not in path.parts and ".dvc" not in path.parts
    }
    written = {p for p in after - before if "__pycache__" not in p.parts and ".snakemake" not in p.parts}
    assert not written


def test_a_lack_of_memory_is_one_line(fresh):
    fresh.edit("dim: 2, train_size: 100", "dim: 1000000000, train_size: 100")
    # A process that may hold no more, for machines that would promise any.
    done = fresh.run("bash", "-c", "ulimit -v 30000000; exec ebm prepare gaussian", code=1)
    assert "ebm: not enough memory (" in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_parameters_only_come_from_the_file(fresh):
    done = fresh.snakemake("--dry-run", "--config", "preset=other", code=2)
    assert "change params.yaml instead" in done.stderr


def test_a_damaged_artifact_is_named_with_its_stage(copy):
    model = copy / "results/micro/train/gaussian/gaussian_cd.safetensors"
    data = bytearray(model.read_bytes())
    data[-1] ^= 1
    model.write_bytes(data)
    done = copy.run("ebm", "sample", "gaussian_cd", code=1)
    assert "gaussian_cd.safetensors is not what its job wrote, but damaged" in done.stderr
    assert "ebm train gaussian_cd" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_two_trainings_of_one_run_do_not_mix(fresh):
    first = start_training(fresh)
    done = fresh.run("ebm", "train", "digits_icd", code=1)
    assert "is being trained by another process" in done.stderr
    assert first.wait(300) == 0


def test_lint_and_report_of_snakemake(copy):
    assert copy.snakemake("--lint").returncode == 0
    copy.snakemake("--report", "report.html")
    page = (copy / "report.html").read_text()
    assert "digits_samples" in page and "not the paper" in page
