"""A configuration of DCD, its source of random numbers and the gradient of a loss."""

from types import SimpleNamespace

import torch
from torch import nn

from ebmrepro.params.objectives.dcd import DiffusionContrastiveDivergence as Config


def dcd_config(**changes) -> Config:
    settings = {"diffusion": "ve", "levels": [0.0, 0.5], "inner_samples": 4, "stabiliser": 0.0}
    return Config(kind="dcd", **settings | changes)


def random_source(seed: int) -> SimpleNamespace:
    return SimpleNamespace(generator=torch.Generator().manual_seed(seed), buffer=None)


def gradient(loss: torch.Tensor, energy: nn.Module) -> torch.Tensor:
    parts = torch.autograd.grad(loss, list(energy.parameters()), materialize_grads=True)
    return nn.utils.parameters_to_vector(parts).detach()
