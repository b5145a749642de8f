import os
import shutil
from pathlib import Path

import pytest
from figures_workspace import write_all

from ebmrepro.params.root import Params
from ebmrepro.reproduction.rules import Margin, PairedComparison, load_rules
from ebmrepro.stages import figure, report, table


def _pair(metric: str, better: str, method: str = "icd", baseline: str = "cd") -> PairedComparison:
    return PairedComparison(
        kind="paired_comparison",
        statement=f"{metric} on digits.",
        experiment="digits",
        metric=metric,
        better=better,
        method=method,
        baseline=baseline,
        minimum_seeds=3,
        margin=Margin(relative=0.1),
    )


# What the invented digits decide: shipped claims compare them in presets of their own.
OF_DIGITS = {
    "kl_stabilises": [_pair("energy_gap_size", "lower")],
    "icd_generates_better": [_pair("classifier_frechet", "lower")],
    "ood_better": [_pair(f"ood_auroc_{name}", "higher") for name in ("shapes", "photographs")],
    "dcd_faster": [
        _pair(f"denoise_psnr_{noise}", "higher", "digits_dcd", "digits_cd") for noise in ("0_1", "0_3")
    ],
}


def not_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The invented numbers are of seeds 0 to 2, which count in no registered preset; OF_DIGITS come first."""
    shipped = load_rules()
    claims = [
        claim.model_copy(update={"tests": [*OF_DIGITS.get(claim.key, []), *claim.tests]})
        for claim in shipped.claims
    ]
    rules = shipped.model_copy(update={"registered": {}, "claims": claims})
    monkeypatch.setattr(report, "load_rules", lambda: rules)


@pytest.fixture(scope="session")
def measured_once(tmp_path_factory) -> tuple[Path, Params]:
    """A workspace with the files of all stages before figures: written once, copied for each test."""
    folder, before = tmp_path_factory.mktemp("measured"), os.getcwd()
    os.chdir(folder)
    try:
        return folder, write_all()
    finally:
        os.chdir(before)


@pytest.fixture
def params(measured_once, tmp_path, monkeypatch) -> Params:
    """The parameters of a measured workspace, which is the current directory."""
    folder, known = measured_once
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    not_registered(monkeypatch)
    return known


@pytest.fixture(scope="session")
def drawn_once(measured_once, tmp_path_factory) -> tuple[Path, Params]:
    """A workspace with all figures, tables and the report: drawn once, copied for each test."""
    folder, before = tmp_path_factory.mktemp("drawn"), os.getcwd()
    measured, params = measured_once
    shutil.copytree(measured, folder, dirs_exist_ok=True)
    os.chdir(folder)
    try:
        for name in params.figures:
            figure.run(params, name)
        for name in params.tables:
            table.run(params, name)
        with pytest.MonkeyPatch.context() as patch:
            not_registered(patch)
            report.run(params)
        return folder, params
    finally:
        os.chdir(before)


@pytest.fixture
def reported(drawn_once, tmp_path, monkeypatch) -> Params:
    """The parameters of a workspace that went through every stage, which is the current directory."""
    folder, known = drawn_once
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    not_registered(monkeypatch)
    return known
