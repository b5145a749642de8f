"""ebmrepro.flow.jobs reads dvc.yaml as DVC itself does."""

from pathlib import Path

import pytest
from dvc.repo import Repo
from pipeline_tools import ROOT, make_checkout

from ebmrepro.checks.load import load_params
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.flow.jobs import all_jobs, one_job
from ebmrepro.flow.runners import read_plain


@pytest.mark.parametrize("preset", ["demo", "paper", "micro"])
def test_jobs_are_those_of_dvc(preset, tmp_path, monkeypatch):
    checkout = make_checkout(tmp_path, ROOT / f"workflow/presets/{preset}.yaml")
    monkeypatch.chdir(checkout.folder)
    plain = read_plain("params.yaml")
    ours = {}
    for job in all_jobs(load_params("params.yaml").model_dump(mode="json")):
        ours[job.command] = (sorted(job.inputs + job.code), sorted(job.outputs), set(job.parameters))
        for key, value in job.parameters.items():
            stands = plain
            for part in key.split("."):
                stands = stands[part]
            assert covers(value, stands), key
    theirs = {}
    with Repo(str(tmp_path)) as repo:
        for stage in repo.index.stages:
            if stage.cmd != "ebm check":
                keys = {key for dep in stage.params for key in dep.params}
                theirs[stage.cmd] = (relative(stage.deps, tmp_path), relative(stage.outs, tmp_path), keys)
    assert ours == theirs


def relative(items, folder: Path) -> list[str]:
    return sorted(
        str(Path(item.fs_path).relative_to(folder)) for item in items if not hasattr(item, "params")
    )


def covers(value, stands) -> bool:
    """Whether all that stands in the file is in the value, which may name more: what a section leaves out."""
    if isinstance(stands, dict):
        return all(key in value and covers(value[key], stands[key]) for key in stands)
    if isinstance(stands, list):
        return len(value) == len(stands) and all(map(covers, value, stands))
    return value == stands


def test_a_checkout_without_its_flow_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(WorkspaceError, match=r"dvc\.yaml cannot be read .*restore it from git"):
        one_job({"preset": "demo"}, "train", "a", tmp_path / "dvc.yaml")
