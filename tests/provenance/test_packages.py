"""One lock: what is installed here is what it names, nothing more and nothing less."""

from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from ebmrepro.machine.packages import LOCKS, PROJECT, differences, installed, locked

ROOT = Path(__file__).parents[2]


def test_this_environment_is_the_locked_one():
    """Wherever the tests run: in .venv, in CI and inside the image."""
    assert differences(installed(), locked(*(ROOT / lock for lock in LOCKS))) == []


def test_the_list_is_that_of_the_packages_own_metadata():
    theirs = {canonicalize_name(found.name): found.version for found in distributions()}
    theirs.pop(PROJECT)
    assert installed() == theirs


def test_every_difference_is_named(tmp_path):
    lock = tmp_path / "a.lock"
    lock.write_text("Kept==1.0 \\\n    --hash=sha256:00\nother[extra]==2.0\nmissing.one==3\n# a remark\n")
    for name in ("kept-1.0", "other-2.1", "ebm_reproduction-0.1.0", "added_by_hand-4"):
        (tmp_path / f"{name}.dist-info").mkdir()
    assert differences(installed(tmp_path), locked(lock)) == [
        "added-by-hand 4, locked: no",
        "missing-one is not installed, locked: 3",
        "other 2.1, locked: 2.0",
    ]


def test_markers_decide_what_is_locked_for_this_machine(tmp_path):
    lock = tmp_path / "a.lock"
    lock.write_text(
        "here==1 ; sys_platform == 'linux' \\\n    --hash=x\nthere==1 ; sys_platform == 'win32'\n"
    )
    assert locked(lock) == {"here": "1"}


@pytest.mark.parametrize("line", ["loose>=1", "bare", "two==1,<3"])
def test_a_lock_that_does_not_pin_is_refused(tmp_path, line):
    (tmp_path / "a.lock").write_text(f"{line}\n")
    with pytest.raises(ValueError, match="no pinned version"):
        locked(tmp_path / "a.lock")


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_names_no_registry(lock):
    text = (ROOT / lock).read_text()
    assert "--hash=sha256:" in text
    for word in ("://", "--index", "--extra-index", "--find-links"):
        assert word not in text
