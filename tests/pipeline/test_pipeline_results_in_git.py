"""The results in git were made by the code and parameters beside them."""

import hashlib
import json
from pathlib import Path

import pytest
from dvc.repo import Repo
from pipeline_tools import ROOT
from ruamel.yaml import YAML

from ebmrepro.checks.load import load_params
from ebmrepro.files.workspace import file_sha256, load_json
from ebmrepro.flow.jobs import INPUTS, JOBS, all_jobs, listing
from ebmrepro.provenance.rules_first import broken_promises
from ebmrepro.provenance.written import record_file
from ebmrepro.reproduction.rules import load_rules

# Presets other than params.yaml's whose results are in git, each with the dvc.lock of the run that made them.
KEPT = sorted(ROOT.glob("results/*/dvc.lock"))
# Those of them whose jobs left records.
RECORDED = sorted({path.parent.name for path in KEPT} & {path.name for path in ROOT.glob("provenance/*")})
# Lists of all jobs and results, at the top of a checkout: in git are those of the preset in params.yaml.
LISTS = (str(JOBS), str(INPUTS))


def test_no_result_in_git_is_older_than_its_code(monkeypatch):
    """dvc.lock and jobs.json hold the settings and the fingerprint of the code that made each result.

    If this fails: run `snakemake`, look at what changed, and commit jobs.json, dvc.lock and the results.
    """
    monkeypatch.chdir(ROOT)
    listed = json.loads(listing(load_params()))
    assert json.loads(JOBS.read_text(encoding="utf-8")) == listed
    lock = YAML(typ="safe", pure=True).load((ROOT / "dvc.lock").read_text())["stages"]
    for job in all_jobs(load_params()):
        key = job.stage.name if job.stage.section is None else f"{job.stage.name}.{job.item}"
        name = key.replace(".", "@")
        expected = listed[job.stage.name] if job.stage.section is None else listed[job.stage.name][job.item]
        assert lock[name]["params"]["jobs.json"][key] == expected, name


def test_results_in_git_are_those_that_were_recorded():
    recorded = {}
    with Repo(str(ROOT)) as repo:
        for stage in repo.index.stages:
            recorded |= {out.def_path: out for out in stage.outs if not out.use_cache}
    assert len(recorded) > 50
    for path, out in recorded.items():
        data = (ROOT / path).read_bytes()
        assert hashlib.md5(data, usedforsecurity=False).hexdigest() == out.hash_info.value, path


def test_every_result_in_git_has_the_record_of_the_job_that_made_it(monkeypatch):
    """From a clean checkout of the code and the parameters beside it, in the locked environment."""
    monkeypatch.chdir(ROOT)
    params = load_params()
    for job in all_jobs(params):
        path = record_file(params.preset, job.stage.name, job.item)
        record = load_json(path)
        assert record["code"]["dirty"] is False and record["code"]["commit"], path
        assert record["code"]["sha256"] == job.entry["code"], path
        assert record["code"]["unwatched"] == [], path
        assert record["environment"]["packages_unlike_lock"] == [], path
        assert record["settings"] == json.loads(json.dumps(job.settings)), path
        assert record["outputs"].keys() == set(job.outputs), path
        for output, sha256 in record["outputs"].items():
            # Models and samples are kept by DVC, not by git.
            assert not Path(output).exists() or file_sha256(Path(output)) == sha256, output


@pytest.mark.parametrize("lock", KEPT, ids=lambda path: path.parent.name)
def test_results_of_other_presets_are_those_that_were_recorded(lock):
    """Their code may be older than the one beside them; the lock says which it was, by hash."""
    stages = YAML(typ="safe", pure=True).load(lock.read_text())["stages"]
    recorded = {out["path"]: out["md5"] for stage in stages.values() for out in stage.get("outs", [])}
    by_dvc = (".safetensors", ".html", *LISTS)
    in_git = {path: md5 for path, md5 in recorded.items() if not path.endswith(by_dvc)}
    own = (f"/{lock.parent.name}/", f"paper_figures/verdicts/{lock.parent.name}.json")
    assert len(in_git) > 20 and all(any(part in path for part in own) for path in in_git)
    for path, md5 in in_git.items():
        assert hashlib.md5((ROOT / path).read_bytes(), usedforsecurity=False).hexdigest() == md5, path


@pytest.mark.parametrize("preset", RECORDED)
def test_results_of_another_preset_are_of_one_clean_commit(preset):
    records = [load_json(path) for path in sorted((ROOT / "provenance" / preset).rglob("*.json"))]
    jobs = all_jobs(load_params(ROOT / f"workflow/presets/{preset}.yaml"))
    assert {record["command"] for record in records} == {job.command for job in jobs}
    # Verdicts may be made anew from results by a later commit.
    results = [record for record in records if not record["command"].startswith("ebm report")]
    assert len({record["code"]["commit"] for record in results}) == 1
    for record in records:
        assert record["code"]["dirty"] is False and record["code"]["unwatched"] == [], record["command"]
        assert record["environment"]["packages_unlike_lock"] == [], record["command"]
        for output, sha256 in record["outputs"].items():
            # The report is of the preset in params.yaml; models and samples are kept by DVC.
            kept = (ROOT / output).exists() and not output.endswith(".html")
            assert not kept or file_sha256(ROOT / output) == sha256, output


@pytest.mark.parametrize("preset", load_rules().registered)
def test_the_rules_of_a_registered_preset_are_older_than_its_runs(preset):
    """If this fails: what decides was changed after the runs that it judges. Commit it, and run them anew.

    Of a preset whose rules wait for its runs, only the seeds are asked.
    """
    if preset == load_params().preset:
        assert list((ROOT / "provenance" / preset / "train").glob("*.json")), "its results are in git"
    assert broken_promises(ROOT, load_params(ROOT / f"workflow/presets/{preset}.yaml")) == []


def test_which_other_presets_are_kept():
    recorded = ["dcd", "extended", "stability", "systems", "weights"]
    # The first is of before there were records.
    assert [path.parent.name for path in KEPT] == ["cifar10_images", *recorded]
    assert recorded == RECORDED
