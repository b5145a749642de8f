"""Checkouts of its own for every pipeline test."""

import shutil

import pytest
from filelock import FileLock
from pipeline_tools import Checkout, make_checkout


@pytest.fixture(scope="session")
def finished(tmp_path_factory, worker_id) -> Checkout:
    """A checkout in which plain `snakemake` has run to the end. Not to be changed: take a `copy`.

    The first of pytest's processes that wants it makes it, for all of them.
    """
    shared = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        shared = shared.parent
    folder, whole = shared / "finished", shared / "finished.whole"
    with FileLock(shared / "finished.lock"):
        if not whole.exists():
            # What another process gave up on.
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make_checkout(folder).snakemake("--cores", "all")
            whole.touch()
    return Checkout(folder)


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
