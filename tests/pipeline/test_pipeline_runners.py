"""Snakemake runs, DVC remembers, and they agree."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest
from pipeline_tools import Checkout, commit

from ebmrepro.params.stages import STAGES

BRANCH = {
    "train gaussian_cd",
    "sample gaussian_cd",
    "evaluate gaussian_cd",
    "table gaussian",
    # The comparison of all methods shows every run.
    "compare methods",
    "table methods",
    "report",
}
# What measures seconds, and what shows them, is new in every run.
TIMED = (
    "results/micro/compare/methods/methods.json",
    "paper_figures/micro/methods.",
    "paper_figures/report.html",
)
CD = "objective: cd, sampler: gaussian, schedule: short}"
CD_FASTER = "objective: cd, sampler: gaussian, schedule: short, override: {schedule: {learning_rate: 0.002}}}"


def hashes(checkout: Checkout) -> dict[str, str]:
    """SHA-256 of every result, by path. The report names the machine's environment, so it counts too."""
    found = {}
    for top in ("results", "paper_figures"):
        for path in sorted((checkout / top).rglob("*")):
            if path.is_file():
                name = str(path.relative_to(checkout.folder))
                found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def test_a_snakemake_run_leaves_both_runners_with_nothing_to_do(copy):
    assert "up to date" in copy.run("dvc", "status").stdout
    assert copy.reproduced() == set()
    assert copy.planned() == set()
    assert "Nothing to be done" in copy.snakemake("--cores", "all").stderr


def test_what_is_drawn_takes_no_place_in_a_queue(copy, tmp_path, monkeypatch):
    """Under Slurm's profile a missing table is made where Snakemake runs: sbatch is never asked."""
    programs, asked = tmp_path / "bin", tmp_path / "asked"
    programs.mkdir()
    for name in ("sbatch", "squeue", "scontrol", "sacct", "sinfo", "scancel"):
        (programs / name).write_text(f"#!/bin/bash\necho {name} >> {asked}\nexit 1\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    shown = [copy / f"paper_figures/micro/{name}" for name in ("gaussian.md", "digits_samples.png")]
    for path in (*shown, copy / "paper_figures/report.html"):
        path.unlink()
    copy.snakemake("--workflow-profile", "workflow/profiles/slurm", "--retries", "0")
    assert all(path.exists() for path in shown)
    assert not asked.exists() or "sbatch" not in asked.read_text()


def test_what_takes_longest_begins_first(fresh):
    done = fresh.snakemake("--cores", "1", "--until", "train")
    lines = [line for line in done.stderr.splitlines() if line.startswith("Shell command: ebm")]
    started = [" ".join(line.split()[3:5]) for line in lines]
    jobs = [job for job in started if job.startswith(("prepare", "train"))]
    assert jobs[:2] == ["prepare digits", "train digits_icd"]


def test_one_learning_rate_reruns_exactly_its_branch_in_snakemake(copy):
    before = hashes(copy)
    copy.edit(CD, CD_FASTER)
    assert copy.planned() == BRANCH
    copy.snakemake("--cores", "all")
    after = hashes(copy)
    changed = {name for name in before if before[name] != after[name]}
    assert any("train/gaussian/gaussian_cd.safetensors" in name for name in changed)
    assert not any("gaussian_mle" in name or "digits" in name for name in changed)
    assert "up to date" in copy.run("dvc", "status").stdout


def test_one_learning_rate_reruns_exactly_its_branch_in_dvc(copy):
    copy.edit(CD, CD_FASTER)
    assert copy.reproduced() == BRANCH
    # Snakemake does not know yet; restore tells it, because DVC is clean.
    copy.run("ebm", "restore")
    assert copy.planned() == set()


def test_a_generation_setting_does_not_retrain(copy):
    copy.edit("    samples: 100\n", "    samples: 90\n")
    expected = {
        *(f"{stage} gaussian_{run}" for stage in ("sample", "evaluate") for run in ("cd", "mle")),
        "table gaussian",
        "compare methods",
        "table methods",
        "report",
    }
    assert copy.planned() == expected
    assert copy.reproduced() <= expected


def test_a_change_in_code_reruns_what_depends_on_it(copy):
    source = copy / "src/ebmrepro/evaluation/measures/gaussian.py"
    source.write_text(source.read_text() + "\nTOUCHED = True\n")
    expected = {"evaluate gaussian_cd", "evaluate gaussian_mle"}
    assert expected <= copy.planned()
    assert not any(job.startswith(("train", "prepare", "sample")) for job in copy.planned())
    assert copy.reproduced() == expected  # their results are the same, so DVC stops there


def test_dvc_repro_from_nothing_then_restore(fresh, finished):
    fresh.run("dvc", "repro")
    by_dvc, by_snakemake = hashes(fresh), hashes(finished)
    assert by_dvc.keys() == by_snakemake.keys()
    differing = {name for name in by_dvc if by_dvc[name] != by_snakemake[name]}
    assert all(name.startswith(TIMED) for name in differing), "the two runners make the same bytes"
    fresh.run("ebm", "restore")
    assert fresh.planned() == set()
    fresh.edit(CD, CD_FASTER)
    assert fresh.planned() == BRANCH


def test_clone_and_pull_then_restore(finished, copy, tmp_path):
    remote, clone = tmp_path / "remote", Checkout(tmp_path / "clone")
    copy.run("dvc", "remote", "add", "-d", "local", str(remote))
    commit(copy, "results")
    copy.run("dvc", "push", "-q")
    copy.run("git", "clone", "-q", str(copy.folder), str(clone.folder))
    assert not (clone / ".dvc/cache").exists(), "the cache is not in git"
    assert clone.planned() != set()
    clone.run("ebm", "restore")
    assert hashes(clone) == hashes(finished)
    assert clone.planned() == set()
    assert clone.reproduced() == set()
    clone.edit(CD, CD_FASTER)
    assert clone.planned() == BRANCH


def test_restore_refuses_what_dvc_does_not_vouch_for(copy):
    result = copy / "results/micro/train/gaussian/gaussian_cd.json"
    result.write_text(result.read_text().replace("finished", "Finished"))
    done = copy.run("ebm", "restore", code=1)
    assert "DVC sees changes" in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_sync_refuses_what_snakemake_does_not_vouch_for(copy):
    copy.edit(CD, CD_FASTER)
    done = copy.run("ebm", "sync", code=1)
    assert "Snakemake still has something to do" in done.stderr
    assert "changed" in copy.run("dvc", "status").stdout


@pytest.mark.parametrize("left", ["nothing", "half a word", "half a list"])
def test_a_dvc_lock_that_a_kill_cut_short_is_brought_back(copy, left):
    lock = copy / "dvc.lock"
    whole = lock.read_bytes()
    middle = whole.index(b"md5: ", len(whole) // 2)
    size = {"nothing": 0, "half a word": middle + 2, "half a list": whole.rindex(b"- path", 0, middle) + 1}
    lock.write_bytes(whole[: size[left]])
    assert "BAD  dvc.lock was cut short" in copy.run("ebm", "doctor", code=1).stdout
    done = copy.run("ebm", "sync")
    assert (
        "dvc.lock was cut short, as by a kill: the last whole one, which was set aside, is back"
        in done.stderr
    )
    assert lock.read_bytes() == whole
    assert "up to date" in copy.run("dvc", "status").stdout
    assert "dvc.lock" not in copy.run("ebm", "doctor", code=None).stdout


def test_a_dvc_lock_that_ends_early_and_can_be_read_is_recorded_anew(copy):
    """Cut at the end of a stage it is a lock of fewer stages."""
    lock = copy / "dvc.lock"
    whole = lock.read_bytes()
    lock.write_bytes(whole[: whole.index(b"\n  train@", len(whole) // 8) + 1])
    assert "DVC has recorded this run" in copy.run("ebm", "sync").stdout
    assert lock.read_bytes() == whole


def test_without_a_copy_the_committed_dvc_lock_is_brought_back_and_none_is_said(copy):
    commit(copy, "results")
    whole = (copy / "dvc.lock").read_bytes()
    (copy / ".dvc/tmp/ebm.dvc.lock").unlink()
    (copy / "dvc.lock").write_bytes(b"")
    assert "which was committed, is back" in copy.run("ebm", "restore").stderr
    assert (copy / "dvc.lock").read_bytes() == whole

    copy.run("git", "rm", "-q", "--cached", "dvc.lock")
    copy.run("git", "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "no lock")
    shutil.rmtree(copy / ".dvc/tmp")
    (copy / "dvc.lock").write_bytes(b"stages:\n  train")
    done = copy.run("ebm", "sync", code=1)
    assert "no whole one is known: delete it, then run `ebm sync`" in done.stderr
    (copy / "dvc.lock").unlink()
    assert "DVC has recorded this run" in copy.run("ebm", "sync").stdout


def test_what_a_kill_left_unrecorded_the_same_command_records(copy):
    """All results are there and Snakemake has nothing to do, but DVC was killed in its commit."""
    recorded = (copy / "dvc.lock").read_bytes()
    (copy / "dvc.lock").unlink()
    (copy / ".snakemake/ebm.unrecorded").touch()
    done = copy.snakemake("--dry-run")
    assert "DVC" not in done.stdout and not (copy / "dvc.lock").exists()
    done = copy.snakemake("--cores", "all")
    assert "Nothing to be done" in done.stderr and "DVC has recorded this run" in done.stdout
    assert (copy / "dvc.lock").read_bytes() == recorded
    again = copy.snakemake("--cores", "all")
    assert "Nothing to be done" in again.stderr and "DVC" not in again.stdout


def test_an_input_dated_ahead_is_refused_before_any_work(copy):
    train = copy / "results/micro/prepare/gaussian/train.safetensors"
    status = copy / "results/micro/train/gaussian/gaussian_cd.json"
    moment = os.stat(train).st_mtime
    status.unlink()
    os.utime(train, (4_000_000_000, 4_000_000_000))
    for arguments in (["--dry-run"], ["--cores", "all"]):
        done = copy.snakemake(*arguments, code=1)
        assert "train.safetensors is dated ahead, 2096-" in done.stderr and "touch it" in done.stderr
    assert not status.exists()
    os.utime(train, (moment, moment))
    assert {job for job in copy.planned() if job.startswith("train")} == {"train gaussian_cd"}


def test_a_list_of_other_jobs_that_came_with_git_is_made_anew(fresh):
    """However old or new it is: jobs.json of another preset lies beside params.yaml."""
    (fresh / "jobs.json").write_text('{"train": {}}\n')
    for moment in (1, 4_000_000_000):
        os.utime(fresh / "jobs.json", (moment, moment))
        assert "rule check" in fresh.snakemake("--dry-run").stdout
    fresh.snakemake("--cores", "1", "jobs.json")
    assert "gaussian_cd" in json.loads((fresh / "jobs.json").read_text())["train"]
    assert "rule check" not in fresh.snakemake("--dry-run").stdout


def test_a_fresh_clone_without_the_cache_reruns_everything(copy, tmp_path):
    """Figures in git must not pass for a reproduction."""
    commit(copy, "results")
    clone = Checkout(tmp_path / "clone")
    copy.run("git", "clone", "-q", str(copy.folder), str(clone.folder))
    stages = {job.split()[0] for job in clone.planned()}
    assert stages == {stage.name for stage in STAGES}
    assert {"train gaussian_cd", "train gaussian_mle", "train digits_icd"} <= clone.planned()


def test_outside_git_and_dvc_a_run_still_succeeds(copy, tmp_path):
    bare = Checkout(tmp_path / "bare")
    shutil.copytree(copy.folder, bare.folder)
    for name in (".git", ".dvc"):
        shutil.rmtree(bare / name)
    bare.edit(CD, CD_FASTER)
    done = bare.snakemake("--cores", "all")
    assert "ebm:" not in done.stderr
    assert Path(bare / "paper_figures/report.html").exists()
