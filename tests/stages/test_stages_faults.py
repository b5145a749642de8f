"""Missing, damaged and foreign inputs end in exit code 1 and one line that says what to run."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ebmrepro.training.checkpoint import work_directory
from ebmrepro.training.loop import Training

RESULTS = Path("results/micro")
TRAIN = RESULTS / "prepare/gaussian/train.safetensors"
MODEL = RESULTS / "train/toy/gaussian_mle.safetensors"
LOG = RESULTS / "train/toy/gaussian_mle.csv"
STATUS = RESULTS / "train/toy/gaussian_mle.json"
SAMPLES = RESULTS / "sample/toy/gaussian_mle.safetensors"
REFERENCE = RESULTS / "prepare/gaussian/reference.safetensors"
MANIFEST = RESULTS / "prepare/gaussian/manifest.json"
# (stage that reads, file it reads, stage that makes the file, command that makes it)
INPUTS = [
    ("train", TRAIN, "prepare", "ebm prepare gaussian"),
    ("sample", MODEL, "train", "ebm train gaussian_mle"),
    ("evaluate", MODEL, "train", "ebm train gaussian_mle"),
    ("evaluate", LOG, "train", "ebm train gaussian_mle"),
    ("evaluate", STATUS, "train", "ebm train gaussian_mle"),
    ("evaluate", SAMPLES, "sample", "ebm sample gaussian_mle"),
    ("evaluate", REFERENCE, "prepare", "ebm prepare gaussian"),
    ("evaluate", MANIFEST, "prepare", "ebm prepare gaussian"),
]


@pytest.fixture
def finished(workspace_folder, ebm):
    """A folder in which gaussian_mle has run through."""
    for arguments in (
        ("prepare", "gaussian"),
        *((stage, "gaussian_mle") for stage in ("train", "sample", "evaluate")),
    ):
        assert ebm(*arguments).code == 0
    return workspace_folder


def _fails(ended, path, stage, command) -> None:
    assert ended.code == 1
    assert ended.err.startswith(f"ebm: {path} is ") and ended.err.count("\n") == 1
    assert f"stage {stage} makes it" in ended.err and f"`{command}`" in ended.err


@pytest.mark.parametrize(("reader", "path", "stage", "command"), INPUTS)
def test_every_input_is_missed_by_name(reader, path, stage, command, finished, ebm):
    path.unlink()
    _fails(ebm(reader, "gaussian_mle"), path, stage, command)


@pytest.mark.parametrize(("reader", "path", "stage", "command"), [i for i in INPUTS if i[1] != LOG])
def test_every_damaged_input_is_named(reader, path, stage, command, finished, ebm):
    intact = path.read_bytes()
    outputs = {p: p.read_bytes() for p in (RESULTS / reader).rglob("*") if p.is_file()}
    for damaged in (intact[: len(intact) // 2], intact[:-2] + bytes([intact[-2] ^ 1]) + intact[-1:], b""):
        path.write_bytes(damaged)
        _fails(ebm(reader, "gaussian_mle"), path, stage, command)
    assert {p: p.read_bytes() for p in (RESULTS / reader).rglob("*") if p.is_file()} == outputs


def test_a_damaged_log_is_named(finished, ebm):
    for damaged in (b"", b"\xff\xfe", LOG.read_bytes()[:40]):
        LOG.write_bytes(damaged)
        _fails(ebm("evaluate", "gaussian_mle"), LOG, "train", "ebm train gaussian_mle")


def test_tensors_that_are_no_model_are_refused(finished, ebm):
    MODEL.write_bytes(SAMPLES.read_bytes())
    code, _, err = ebm("sample", "gaussian_mle")
    assert code == 1 and err == f"ebm: {MODEL} is not a model of this project\n"


def test_a_missing_image_folder_is_named(workspace_folder, ebm):
    code, _, err = ebm("prepare", "pictures")
    assert code == 1 and err == "ebm: image_folder: pictures is not a folder\n"


def test_the_contents_of_a_folder_that_is_not_there_are_not_taken_for_none(workspace_folder, ebm):
    code, _, err = ebm("contents", "pictures")
    assert code == 1 and err == "ebm: folders.pictures: pictures is not a folder\n"
    assert not Path("contents/pictures.json").exists()


def test_a_folder_that_cannot_be_written_is_one_line(workspace_folder, ebm):
    Path("results").write_text("a file where the folder should be")
    code, _, err = ebm("prepare", "gaussian")
    assert code == 1 and err.count("\n") == 1 and "results" in err


def test_a_second_trainer_in_the_same_folder_is_refused(workspace_folder, ebm):
    assert ebm("prepare", "gaussian").code == 0
    with work_directory("micro-gaussian_mle", {}):
        code, _, err = ebm("train", "gaussian_mle")
    assert code == 1 and err.count("\n") == 1
    assert "is being trained by another process in this folder" in err
    assert not MODEL.exists()
    assert ebm("train", "gaussian_mle").code == 0


def _start(*arguments) -> subprocess.Popen:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "ebmrepro", *arguments]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


def _wait_for_checkpoint(process) -> None:
    deadline = time.monotonic() + 120
    while not list(Path(".work").glob("*/seed*.safetensors")):
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _undisturbed(ebm) -> dict[str, bytes]:
    assert ebm("train", "rings_icd").code == 0
    outputs = {p.name: p.read_bytes() for p in (RESULTS / "train/rings").iterdir()}
    for path in (RESULTS / "train/rings").iterdir():
        path.unlink()
    return outputs


@pytest.mark.parametrize(
    ("signum", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGKILL, -9)]
)
def test_a_stopped_process_goes_on_to_the_same_bytes(signum, code, workspace_folder, edit, ebm):
    edit("iterations: 12", "iterations: 200")
    assert ebm("prepare", "rings").code == 0
    expected = _undisturbed(ebm)
    edit("checkpoint_seconds: 30", "checkpoint_seconds: 0.1")
    process = _start("train", "rings_icd")
    _wait_for_checkpoint(process)
    process.send_signal(signum)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert not (RESULTS / "train/rings/rings_icd.safetensors").exists()
    if code > 0:
        assert err.splitlines()[-1] == f"ebm: stopped by {signal.Signals(signum).name}; run again to go on"
        assert "Traceback" not in err
    assert list(Path(".work").glob("*/seed*.safetensors"))
    assert ebm("train", "rings_icd").code == 0
    assert {p.name: p.read_bytes() for p in (RESULTS / "train/rings").iterdir()} == expected


def test_a_checkpoint_of_other_settings_is_not_used(workspace_folder, edit, ebm, monkeypatch):
    """Die under one learning rate, go on under another: the result is that of the other from the start."""
    edit("checkpoint_seconds: 30", "checkpoint_seconds: 0.000001")
    assert ebm("prepare", "rings").code == 0
    step, taken = Training.step, []

    def dies(self):
        taken.append(self.iteration)
        if len(taken) == 8:
            raise RuntimeError("dead")
        return step(self)

    monkeypatch.setattr(Training, "step", dies)
    with pytest.raises(RuntimeError, match="dead"):
        ebm("train", "rings_icd")
    assert list(Path(".work").glob("*/seed0.safetensors"))
    edit("{learning_rate: 0.002}", "{learning_rate: 0.003}")
    assert ebm("train", "rings_icd").code == 0
    assert taken[8:] == [*range(12), *range(12)]
    assert len(list(Path(".work").glob("micro-rings_icd-*"))) == 1
    resumed = (RESULTS / "train/rings/rings_icd.safetensors").read_bytes()
    assert ebm("train", "rings_icd").code == 0
    assert (RESULTS / "train/rings/rings_icd.safetensors").read_bytes() == resumed
