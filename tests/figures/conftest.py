import os
import shutil

import pytest
from figures_workspace import write_all

from ebm.params import load_params
from ebm.stages import figure, report, table


@pytest.fixture(scope="session")
def measured_once(tmp_path_factory):
    """A workspace with the files of all stages before figures: written once, copied for each test."""
    folder, before = tmp_path_factory.mktemp("measured"), os.getcwd()
    os.chdir(folder)
    try:
        write_all()
    finally:
        os.chdir(before)
    return folder


@pytest.fixture
def params(measured_once, tmp_path, monkeypatch):
    """The parameters of a measured workspace, which is the current directory."""
    shutil.copytree(measured_once, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return load_params()


@pytest.fixture(scope="session")
def drawn_once(measured_once, tmp_path_factory):
    """A workspace with all figures, tables and the report: drawn once, copied for each test."""
    folder, before = tmp_path_factory.mktemp("drawn"), os.getcwd()
    shutil.copytree(measured_once, folder, dirs_exist_ok=True)
    os.chdir(folder)
    try:
        params = load_params()
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
