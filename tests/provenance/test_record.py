"""The record of a job: what it says is what happened."""

import hashlib
import importlib
import importlib.metadata
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from datetime import datetime
from pathlib import Path

import pytest
from pipeline_tools import MICRO, ROOT

from ebmrepro.checks.load import load_params
from ebmrepro.files.workspace import load_json
from ebmrepro.flow.jobs import one_job
from ebmrepro.provenance.record import recorded
from ebmrepro.provenance.written import record_file

MADE = {name: f"{name} of bars".encode() for name in ("train", "test", "reference")}


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """What a job needs to be recorded: flow, parameters, code."""
    shutil.copy(MICRO, tmp_path / "params.yaml")
    shutil.copy(ROOT / "dvc.yaml", tmp_path)
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(tmp_path)
    for name in ("DVC_STAGE", "EBM_RUNNER", "EBM_REVISION", "EBM_IMAGE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def prepare() -> None:
    """Stands for a stage: writes what stage `prepare` of data set `bars` declares."""
    place = Path("results/micro/prepare/bars")
    place.mkdir(parents=True, exist_ok=True)
    for name, content in MADE.items():
        (place / f"{name}.safetensors").write_bytes(content)
    (place / "manifest.json").write_text("{}")


def run(dataset: str = "bars") -> dict:
    with recorded(load_params(), "prepare", dataset):
        prepare()
    return load_json(record_file("micro", "prepare", dataset))


def test_outputs_parameters_and_times_are_recorded(folder):
    record = run()
    expected = {
        f"results/micro/prepare/bars/{name}.safetensors": hashlib.sha256(content).hexdigest()
        for name, content in MADE.items()
    }
    expected["results/micro/prepare/bars/manifest.json"] = hashlib.sha256(b"{}").hexdigest()
    assert record["outputs"] == expected
    params = load_params()
    assert record["settings"] == {"dataset": params.datasets["bars"].model_dump(mode="json")}
    assert record["seeds"] == params.seeds
    assert record["command"] == "ebm prepare bars" and record["runner"] == "command line"
    assert datetime.fromisoformat(record["started"]) <= datetime.fromisoformat(record["ended"])
    assert datetime.fromisoformat(record["ended"]).utcoffset().total_seconds() == 0
    assert [attempt["outcome"] for attempt in record["attempts"]] == ["done"]
    lock = hashlib.sha256((ROOT / "requirements.lock").read_bytes()).hexdigest()
    assert record["environment"]["lock_sha256"] == {"requirements.lock": lock}
    assert record["usage"]["peak_memory_mb"] > 1


def test_inputs_are_those_that_lay_there_before_the_job(folder):
    prepare()
    source = Path("results/micro/prepare/bars/train.safetensors")
    with recorded(load_params(), "train", "bars_rbm"):
        source.write_bytes(b"somebody else wrote this meanwhile")
    record = load_json(record_file("micro", "train", "bars_rbm"))
    assert record["inputs"] == {str(source): hashlib.sha256(MADE["train"]).hexdigest()}
    # The job made nothing, and the record does not pretend that it did.
    assert set(record["outputs"].values()) == {None}


def test_code_is_recorded_by_its_fingerprint(folder):
    job = one_job(load_params(), "prepare", "bars")
    code = run()["code"]
    assert code["sha256"] == job.entry["code"] and code["packages"] == job.entry["packages"]
    assert code["packages"]["numpy"] == importlib.metadata.version("numpy")


def test_code_that_no_runner_watches_is_named(folder, capsys):
    """A stage that reaches code by a way that nobody can read from its imports."""
    for name in [name for name in sys.modules if name.startswith("ebmrepro.plots")]:
        del sys.modules[name]
    with recorded(load_params(), "prepare", "bars"):
        prepare()
        importlib.import_module("ebmrepro.plots.curves")
    record = load_json(record_file("micro", "prepare", "bars"))
    assert "ebmrepro.plots.curves" in record["code"]["unwatched"]
    assert "used code that no runner watches: ebmrepro.plots" in capsys.readouterr().err


def test_a_failure_leaves_no_record_and_is_an_attempt_of_the_next(folder):
    with pytest.raises(RuntimeError), recorded(load_params(), "prepare", "bars"):
        raise RuntimeError("no space")
    assert not record_file("micro", "prepare", "bars").exists()
    attempts = run()["attempts"]
    assert [attempt["outcome"] for attempt in attempts] == ["RuntimeError", "done"]
    assert all(attempt["ended"] for attempt in attempts)
    assert [attempt["outcome"] for attempt in run()["attempts"]] == ["done"], "the record closes the account"


def test_a_killed_process_is_an_attempt_without_an_end(folder):
    script = """
        import os, signal
        from ebmrepro.checks.load import load_params
        from ebmrepro.provenance.record import recorded
        with recorded(load_params(), "prepare", "bars"):
            os.kill(os.getpid(), signal.SIGKILL)
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], cwd=folder, check=False)
    assert killed.returncode == -signal.SIGKILL
    first, second = run()["attempts"]
    assert first["outcome"] == "killed" and first["ended"] is None
    assert second["outcome"] == "done" and second["started"] >= first["started"]


def test_attempts_with_other_parameters_belong_to_another_result(folder):
    with pytest.raises(RuntimeError), recorded(load_params(), "prepare", "digits"):
        raise RuntimeError
    text = (folder / "params.yaml").read_text()
    old = "test_fraction: 0.2"
    assert old in text
    (folder / "params.yaml").write_text(text.replace(old, "test_fraction: 0.3"))
    assert len(run("digits")["attempts"]) == 1


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"DVC_STAGE": "prepare@bars"}, "dvc"),
        ({"EBM_RUNNER": "snakemake"}, "snakemake"),
        ({}, "command line"),
    ],
)
def test_the_runner_is_named(folder, monkeypatch, variables, expected):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert run()["runner"] == expected


def test_a_folder_without_the_flow_runs_and_says_that_it_leaves_no_record(folder, capsys):
    os.remove("dvc.yaml")
    with recorded(load_params(), "prepare", "bars"):
        prepare()
    assert "leaves no record" in capsys.readouterr().err
    assert not Path("provenance").exists()


def test_a_record_that_somebody_edited_is_refused(folder):
    from ebmrepro.files.workspace import WorkspaceError

    run()
    path = record_file("micro", "prepare", "bars")
    content = json.loads(path.read_text())
    content["code"]["dirty"] = False
    path.write_text(json.dumps(content))
    with pytest.raises(WorkspaceError, match="damaged"):
        load_json(path)
