"""Bad parameters through the door that users and runners take: exit code 2, one line, nothing written."""

import subprocess
import sys

import pytest

SUBCOMMANDS = [
    ("prepare", "gaussian"),
    ("train", "gaussian_mle"),
    ("sample", "gaussian_mle"),
    ("evaluate", "gaussian_mle"),
    ("figure", "gap"),
    ("table", "density"),
    ("report",),
    ("check",),
]


@pytest.mark.parametrize("arguments", SUBCOMMANDS, ids=lambda arguments: arguments[0])
def test_every_subcommand_refuses_bad_params(arguments, workspace_folder, edit, ebm):
    edit("iterations: 12", "iteratons: 12")
    before = sorted(workspace_folder.rglob("*"))
    code, out, err = ebm(*arguments)
    assert code == 2 and out == ""
    assert err.startswith("ebm: params.yaml:") and err.count("\n") == 1
    assert "schedules.short.iteratons: unknown key; did you mean 'iterations'?" in err
    assert sorted(workspace_folder.rglob("*")) == before


def test_no_traceback_from_a_real_process(workspace_folder, edit):
    edit("dataset: digits\n    train: {energy: conv,", "dataset: digit\n    train: {energy: conv,")
    command = [sys.executable, "-m", "ebmrepro", "train", "digits_cd"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2 and ended.stdout == ""
    assert ended.stderr.startswith("ebm: params.yaml:") and ended.stderr.count("\n") == 1
    assert [path.name for path in workspace_folder.iterdir()] == ["params.yaml"]


def test_missing_params_file(tmp_path, monkeypatch, ebm):
    monkeypatch.chdir(tmp_path)
    code, _, err = ebm("check")
    assert code == 2 and err.count("\n") == 1
    assert err.startswith("ebm: params.yaml: no such file")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("train", "rings_icdd"), "runs has no 'rings_icdd'; did you mean 'rings_icd'?"),
        (("prepare", "ring"), "datasets has no 'ring'; did you mean 'rings'?"),
        (("figure", "gapp"), "figures has no 'gapp'; did you mean 'gap'?"),
        (("table", "densities"), "tables has no 'densities'; did you mean 'density'?"),
    ],
)
def test_an_unknown_item_is_named_with_its_nearest(arguments, reason, workspace_folder, ebm):
    code, _, err = ebm(*arguments)
    assert code == 2 and err == f"ebm: params.yaml: {reason}\n"


def test_check_accepts_good_params(workspace_folder, ebm):
    code, out, err = ebm("check")
    assert code == 0 and err == ""
    assert "preset micro, 8 runs" in out


def test_a_device_that_is_not_there(workspace_folder, edit, ebm, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    edit("device: cpu", "device: cuda")
    assert ebm("prepare", "gaussian").code == 0
    code, _, err = ebm("train", "gaussian_mle")
    assert code == 2 and err.count("\n") == 1
    assert "compute.device" in err and "cuda" in err
