"""The entry point of the image as a module."""

import importlib.util
import sys

import pytest


@pytest.fixture(scope="session")
def entrypoint(repository):
    spec = importlib.util.spec_from_file_location(
        "container_entrypoint", repository / "workflow/container/entrypoint.py"
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
