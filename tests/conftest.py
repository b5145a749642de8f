"""What several rooms of tests share: the micro parameters and the command line in this process."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

# The processes that tests start and this one compute alike: one thread, so that bits can be compared.
os.environ["OMP_NUM_THREADS"] = "1"

MICRO = Path(__file__).with_name("micro_params.yaml")


class Ended(NamedTuple):
    """How a command ended: exit code and what it printed."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def random_state() -> None:
    """Every test draws the same numbers, whichever ran before it."""
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


@pytest.fixture(scope="session")
def micro_text() -> str:
    """The micro params.yaml."""
    return MICRO.read_text(encoding="utf-8")


@pytest.fixture
def workspace_folder(tmp_path, monkeypatch, micro_text) -> Path:
    """An empty folder with the micro params.yaml in it, made the current one."""
    (tmp_path / "params.yaml").write_text(micro_text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def edit() -> Callable[[str, str], None]:
    """Replace a text that occurs exactly once in ./params.yaml."""

    def replace(old: str, new: str) -> None:
        path = Path("params.yaml")
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
        path.write_text(text.replace(old, new), encoding="utf-8")

    return replace


@pytest.fixture
def ebm(monkeypatch, capfd) -> Callable[..., Ended]:
    """Run `ebm ARGUMENTS...` in this process."""
    from ebmrepro import cli

    def run(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["ebm", *arguments])
        capfd.readouterr()
        code = 0
        try:
            cli.main()
        except SystemExit as ending:
            code = ending.code or 0
        return Ended(code, *capfd.readouterr())

    return run
