"""Commit, dirty flag, image, driver: asked of git and of the files that say so."""

import subprocess

import pytest

from ebmrepro.flow.runners import say_what_is_uncommitted
from ebmrepro.machine.hardware import driver, processor
from ebmrepro.provenance.record import changes, environment, revision

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def no_image(monkeypatch):
    for name in ("EBM_REVISION", "EBM_IMAGE"):
        monkeypatch.delenv(name, raising=False)


def git(folder, *arguments: str) -> str:
    name = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    done = subprocess.run(
        ["git", "-C", str(folder), *name, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "params.yaml").write_text("seeds: [0]\n")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "start")
    return tmp_path


def test_a_clean_checkout(checkout):
    assert revision(checkout) == {
        "commit": git(checkout, "rev-parse", "HEAD"),
        "dirty": False,
        "source": "git",
    }


@pytest.mark.parametrize("path", ["results/a.json", "paper_figures/b.pdf", "provenance/c.json", "dvc.lock"])
def test_what_the_flow_writes_makes_nothing_dirty(checkout, path):
    (checkout / path).parent.mkdir(exist_ok=True)
    (checkout / path).write_text("new")
    assert revision(checkout)["dirty"] is False


@pytest.mark.parametrize("path", ["params.yaml", "src.py", "workflow/new.smk"])
def test_a_change_or_a_new_file_makes_it_dirty(checkout, path):
    (checkout / path).parent.mkdir(exist_ok=True)
    (checkout / path).write_text("new")
    assert revision(checkout)["dirty"] is True


def test_a_run_begins_with_the_names_of_what_makes_it_dirty(checkout, monkeypatch, capsys):
    monkeypatch.chdir(checkout)
    say_what_is_uncommitted()
    assert capsys.readouterr().err == "" and changes(checkout) == []
    for name in ("run.log", "b.py", "c d.py", "e.py"):
        (checkout / name).write_text("new")
    (checkout / "params.yaml").write_text("seeds: [1]\n")
    git(checkout, "add", "b.py")
    (checkout / "results").mkdir()
    (checkout / "results/a.json").write_text("new")
    assert set(changes(checkout)) == {"params.yaml", "b.py", '"c d.py"', "e.py", "run.log"}
    say_what_is_uncommitted()
    words = (
        'ebm: not what the commit says: b.py, params.yaml, "c d.py" and 2 more; records will call the code'
    )
    assert capsys.readouterr().err == f"{words} dirty\n"


def test_outside_of_a_checkout_nothing_is_said(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    say_what_is_uncommitted()
    assert capsys.readouterr().err == ""


def test_a_committed_preset_in_the_place_of_params_makes_nothing_dirty(checkout):
    preset = checkout / "workflow/presets/other.yaml"
    preset.parent.mkdir(parents=True)
    preset.write_text("preset: other")
    git(checkout, "add", ".")
    git(checkout, "commit", "-qm", "a preset")
    (checkout / "params.yaml").write_text("preset: other")
    assert revision(checkout)["dirty"] is False
    # A preset that is in no commit is a change.
    for path in (preset, checkout / "params.yaml"):
        path.write_text("preset: another")
    assert revision(checkout)["dirty"] is True


def test_a_repository_without_a_commit_has_no_name_for_its_code(tmp_path):
    git(tmp_path, "init", "-q")
    assert revision(tmp_path) == {"commit": None, "dirty": None, "source": "git"}


def test_without_git_the_image_says_it(tmp_path, monkeypatch):
    assert revision(tmp_path) == {"commit": None, "dirty": None, "source": None}
    monkeypatch.setenv("EBM_REVISION", "unknown")
    assert revision(tmp_path)["commit"] is None
    monkeypatch.setenv("EBM_REVISION", COMMIT)
    assert revision(tmp_path) == {"commit": COMMIT, "dirty": None, "source": "image"}
    monkeypatch.setenv("EBM_REVISION", f"{COMMIT}-dirty")
    assert revision(tmp_path) == {"commit": COMMIT, "dirty": True, "source": "image"}


def test_a_folder_that_an_older_image_completed_runs_that_code(tmp_path, monkeypatch):
    monkeypatch.setenv("EBM_REVISION", "f" * 40)
    (tmp_path / ".ebm-revision").write_text(f"{COMMIT}\n")
    assert revision(tmp_path)["commit"] == COMMIT


def test_the_image_is_named_if_the_runner_was_told(tmp_path, monkeypatch):
    assert environment(tmp_path)["image"] is None
    assert environment(tmp_path)["packages_unlike_lock"] is None, "nothing to compare with"
    monkeypatch.setenv("EBM_IMAGE", "sha256:abc")
    assert environment(tmp_path)["image"] == "sha256:abc"


def test_packages_unlike_the_lock_are_named(tmp_path):
    (tmp_path / "requirements.lock").write_text("torch==0.1\n")
    unlike = environment(tmp_path)["packages_unlike_lock"]
    assert any(line.startswith("torch 2.") and line.endswith("locked: 0.1") for line in unlike)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024\n",
            "550.54.15",
        ),
        (
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build\n"
            "GCC version:  gcc version 13.3.0 (Ubuntu 13.3.0-6ubuntu2~24.04)\n",
            "580.95.05",
        ),
        ("", None),
    ],
)
def test_the_driver_is_read_from_the_kernel(tmp_path, text, expected):
    (tmp_path / "version").write_text(text)
    assert driver(tmp_path / "version") == expected
    assert driver(tmp_path / "missing") is None


def test_the_processor_is_that_of_the_first_core(tmp_path):
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: A CPU @ 2 GHz\nmodel name\t: B\n")
    assert processor(tmp_path / "cpuinfo") == "A CPU @ 2 GHz"
    assert processor(tmp_path / "missing"), "never nothing"
