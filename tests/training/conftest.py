"""Small trainings of every kind, from the micro parameters."""

import pytest
import torch
from prepared_parts import samples

from ebmrepro.checks.load import load_params
from ebmrepro.params.root import TrainSettings


@pytest.fixture(scope="session")
def micro(tmp_path_factory):
    """The micro parameters."""
    from pathlib import Path

    return load_params(Path(__file__).parents[1] / "micro_params.yaml")


@pytest.fixture(scope="session")
def points(micro):
    """Gaussian training points, (60, 3)."""
    return torch.from_numpy(samples(micro.datasets["gaussian"])[0])


@pytest.fixture(scope="session")
def images(micro):
    """Sixty digits, uint8 (60, 1, 8, 8)."""
    return torch.from_numpy(samples(micro.datasets["digits"])[0][:60])


@pytest.fixture
def settings(micro):
    """Make TrainSettings: names from the micro parameters, and changes to single sections' keys."""

    def make(energy: str, objective: str, sampler: str, /, **changes) -> TrainSettings:
        parts = {
            "energy": micro.energies[energy],
            "objective": micro.objectives[objective],
            "sampler": micro.samplers[sampler],
            "schedule": micro.schedules["short"],
        }
        for section, keys in changes.items():
            parts[section] = type(parts[section]).model_validate(parts[section].model_dump() | keys)
        return TrainSettings(**parts)

    return make
