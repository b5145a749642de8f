"""What the author of a new kind gets wrong is refused in one line that names the class and what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
OBJECTIVE = """
from typing import Literal

from ebmrepro.params.objectives import Method, Objective


class Mine(Objective):
    \"\"\"A loss.\"\"\"

    implementation = "ebm_mine.loss:{name}"
    methods = (Method("{key}", "mine"),)

    kind: Literal["mine"]
"""
ENERGY = """
from typing import Literal

from ebmrepro.params.energies import Energy


class Mine(Energy, form="vectors", log_partition=True{label}):
    \"\"\"An energy.\"\"\"

    implementation = "ebmrepro.energies.gaussian:build"

    kind: Literal["mine"]
"""


@pytest.fixture
def check(tmp_path):
    """`ebm check` of the micro parameters, one entry of which is of kind `mine`."""

    def run(family: str, settings: str, old: str) -> subprocess.CompletedProcess:
        package, info = tmp_path / "site/ebm_mine", tmp_path / "site/ebm_mine-1.0.dist-info"
        package.mkdir(parents=True)
        info.mkdir()
        (package / "__init__.py").write_text(settings)
        (package / "loss.py").write_text("from math import nan as Imported\n\n\nclass Loss:\n    pass\n")
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ebm_mine\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[ebmrepro.{family}]\nmine = ebm_mine:Mine\n")
        text = (TESTS / "micro_params.yaml").read_text(encoding="utf-8")
        assert text.count(old) == 1
        (tmp_path / "params.yaml").write_text(text.replace(old, f"{old.split(':')[0]}: {{kind: mine}}"))
        return subprocess.run(
            [sys.executable, "-m", "ebmrepro", "check"],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": f"{tmp_path / 'site'}{os.pathsep}{TESTS.parent / 'src'}"},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def _objective(name: str, key: str) -> tuple[str, str, str]:
    return "objectives", OBJECTIVE.format(name=name, key=key), "mle: {kind: mle, grid: null}"


def _energy(label: str) -> tuple[str, str, str]:
    return "energies", ENERGY.format(label=label), "quadratic: {kind: gaussian}"


@pytest.mark.parametrize(
    "kind", [_objective("Loss", "mine"), _objective("Imported", "mine"), _energy(', label="mine"')]
)
def test_a_kind_without_mistakes_is_taken(kind, check):
    ended = check(*kind)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (
            _objective("Los", "mine"),
            "objectives.mle.kind: <class 'ebm_mine.Mine'> is implemented by ebm_mine.loss:Los, and the module"
            " has no Los: correct one",
        ),
        (
            _objective("Loss", "cd"),
            "objectives.mle.kind: <class 'ebm_mine.Mine'> and"
            " <class 'ebmrepro.params.objectives.cd.ContrastiveDivergence'> both have a method 'cd':"
            " give one of them another key",
        ),
        (
            _energy(""),
            "energies.quadratic.kind: <class 'ebm_mine.Mine'> has no label: say it there, as its family"
            " declares it",
        ),
    ],
    ids=["implementation", "method", "label"],
)
def test_a_mistake_is_one_line_that_names_the_class(kind, said, check):
    ended = check(*kind)
    assert ended.returncode == 2 and len(ended.stderr.splitlines()) == 1
    assert said in ended.stderr
