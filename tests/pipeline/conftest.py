"""Checkouts of its own for every pipeline test."""

import shutil

import pytest
from pipeline_tools import Checkout, make_checkout


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Checkout:
    """A checkout in which plain `snakemake` has run to the end. Not to be changed: take a `copy`."""
    checkout = make_checkout(tmp_path_factory.mktemp("finished"))
    checkout.snakemake("--cores", "all")
    return checkout


@pytest.fixture
def copy(finished, tmp_path) -> Checkout:
    """A copy of `finished`, time stamps and all."""
    folder = tmp_path / "copy"
    shutil.copytree(finished.folder, folder, symlinks=True)
    return Checkout(folder)


@pytest.fixture
def fresh(tmp_path) -> Checkout:
    """A checkout in which nothing has run."""
    folder = tmp_path / "fresh"
    folder.mkdir()
    return make_checkout(folder)
