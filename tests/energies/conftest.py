"""Configurations of residual energies."""

import pytest

from ebmrepro.params.energies.residual import ResidualEnergy


@pytest.fixture
def residual():
    """Make a residual configuration: the paper's CIFAR network, and changes to it."""

    def make(**changes) -> ResidualEnergy:
        paper = {
            "kind": "residual", "layout": "cifar", "width": 64, "scales": 3, "attention": True,
            "normalise": True, "spectral_norm": False, "condition": None, "output": "linear", "members": 1,
        }  # fmt: skip
        return ResidualEnergy(**paper | changes)

    return make


@pytest.fixture
def small(residual):
    """The same for 8x8 and 16x16 images: 4 channels, three scales, attention."""

    def make(**changes) -> ResidualEnergy:
        return residual(**{"layout": "small", "width": 4} | changes)

    return make
