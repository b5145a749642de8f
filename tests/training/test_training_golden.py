"""A few steps of each method give the numbers that stand in golden_losses.json.

A change that is meant to change them renews the file: `python tests/training/golden.py`.
"""

import json

import pytest
import torch
from golden import CASES, FILE, measured, settings

from ebmrepro.params.methods import methods

GOLDEN = json.loads(FILE.read_text())


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("name", CASES)
def test_losses_are_golden(name):
    for key, values in measured(name).items():
        assert values == pytest.approx(GOLDEN[name][key], rel=1e-5, abs=1e-6), key


def test_every_method_has_golden_losses():
    chosen = {name: settings(name) for name in CASES}
    assert {entry.objective.method(entry.sampler) for entry in chosen.values()} == set(methods())
    assert all(entry.objective.method(entry.sampler) == name.split()[0] for name, entry in chosen.items())
