import os
import shutil

import pytest
from figures_workspace import RUNS, params_data, write_params, write_run

from ebm.params import load_params
from ebm.stages import figure, report, table


@pytest.fixture
def params(tmp_path, monkeypatch):
    """The parameters of a finished workspace, which is the current directory."""
    monkeypatch.chdir(tmp_path)
    for run in RUNS:
        write_run(run)
    return write_params(params_data())


@pytest.fixture(scope="session")
def drawn_once(tmp_path_factory):
    """A workspace with all figures, tables and the report: drawn once, copied for each test."""
    folder, before = tmp_path_factory.mktemp("drawn"), os.getcwd()
    os.chdir(folder)
    try:
        for run in RUNS:
            write_run(run)
        params = write_params(params_data())
        for name in params.figures:
            figure.run(params, name)
        for name in params.tables:
            table.run(params, name)
        report.run(params)
    finally:
        os.chdir(before)
    return folder


@pytest.fixture
def reported(drawn_once, tmp_path, monkeypatch):
    """The parameters of a workspace that went through every stage, which is the current directory."""
    shutil.copytree(drawn_once, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return load_params()
