"""An objective of another installed package is one like ours, and one that cannot be imported is named."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
SETTINGS = """
from typing import Literal

from pydantic import Field

from ebmrepro.params.base import Positive
from ebmrepro.params.objectives import Method, Objective


class Flat(Objective):
    \"\"\"Pulls the energy of the data to a level.\"\"\"

    implementation = "ebm_flat.loss:Flat"
    methods = (Method("flat", "flat energies", "#112233", ":", "h", 55),)
    columns = ("loss_flat",)

    kind: Literal["flat"]
    level: Positive = Field(description="the level", examples=[2.0])
"""
LOSS = """
from ebmrepro.objectives.terms import Terms


class Flat:
    def __init__(self, config):
        self.level = config.level

    def __call__(self, energy, data, sampler):
        energies = energy(data)
        loss = (energies - self.level).square().mean()
        logged = {"energy_positive": energies.mean().detach(), "loss_flat": loss.detach()}
        return Terms({"flat": loss}, logged)
"""


@pytest.fixture
def ebm(tmp_path):
    """Run a command line in a folder with the micro parameters, beside two packages with an objective each.

    Run gaussian_mle is trained with `flat` for two steps.
    """
    site, work = tmp_path / "site", tmp_path / "work"
    for folder in (site / "ebm_flat", site / "ebm_sick", work):
        folder.mkdir(parents=True)
    (site / "ebm_flat/__init__.py").write_text(SETTINGS)
    (site / "ebm_flat/loss.py").write_text(LOSS)
    (site / "ebm_sick/__init__.py").write_text("import no_such_module_at_all\n")
    for package, point in (("ebm_flat", "flat = ebm_flat:Flat"), ("ebm_sick", "sick = ebm_sick:Sick")):
        info = site / f"{package}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[ebmrepro.objectives]\n{point}\n")
    text = (TESTS / "micro_params.yaml").read_text(encoding="utf-8")
    text = text.replace("mle: {kind: mle, grid: null}", "mle: {kind: flat, level: 2.0}")
    text = text.replace("iterations: 12", "iterations: 2").replace("seeds: [0, 1]", "seeds: [0]")
    (work / "params.yaml").write_text(text, encoding="utf-8")
    path = f"{site}{os.pathsep}{TESTS.parent / 'src'}"

    def run(*command: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, *command],
            cwd=work,
            env=os.environ | {"PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
        )

    run.params = work / "params.yaml"
    return run


def test_an_objective_of_another_package_trains(ebm):
    for command in (["check"], ["prepare", "gaussian"], ["train", "gaussian_mle"]):
        ended = ebm("-m", "ebmrepro", *command)
        assert ended.returncode == 0, ended.stderr
    (log,) = ebm.params.parent.rglob("gaussian_mle.csv")
    first, *rows = log.read_text(encoding="utf-8").splitlines()
    assert first == ("seed,iteration,energy_positive,energy_negative,energy_gap,loss,loss_flat,gradient_norm")
    assert len(rows) == 2
    # Its method stands among ours, with its look.
    said = ebm("-c", "from ebmrepro.params.methods import methods; print([*methods()], methods()['flat'])")
    assert "'icd', 'flat', 'icd_consistent'" in said.stdout and "#112233" in said.stdout


def test_what_its_settings_refuse_is_refused_as_ours(ebm):
    ebm.params.write_text(ebm.params.read_text(encoding="utf-8").replace("level: 2.0", "level: -1.0"))
    ended = ebm("-m", "ebmrepro", "check")
    assert ended.returncode == 2 and len(ended.stderr.splitlines()) == 1
    assert "objectives.mle.level: must be greater than 0, got -1.0" in ended.stderr


def test_a_package_that_cannot_be_imported_is_named(ebm):
    # While nothing names its objective it harms nothing.
    ebm.params.write_text(
        ebm.params.read_text(encoding="utf-8").replace("kind: flat, level: 2.0", "kind: sick")
    )
    ended = ebm("-m", "ebmrepro", "check")
    assert ended.returncode == 2 and len(ended.stderr.splitlines()) == 1
    assert (
        "objectives.mle.kind: kind 'sick' of package ebm_sick cannot be imported:"
        " ModuleNotFoundError: No module named 'no_such_module_at_all'"
    ) in ended.stderr
