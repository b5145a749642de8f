"""The gradient of an energy in its data: what Langevin dynamics follows and score matching fits."""

from collections.abc import Callable

import torch
from torch import Tensor

EnergyFunction = Callable[[Tensor], Tensor]


def energy_gradient(energy: EnergyFunction, x: Tensor, create_graph: bool) -> tuple[Tensor, Tensor]:
    """E(x) (B,) and grad_x E(x), shaped like `x` (B, ...), which must require a gradient."""
    energies = energy(x)
    (gradient,) = torch.autograd.grad(energies.sum(), x, create_graph=create_graph)
    return energies, gradient


def detached_gradient(energy: EnergyFunction, x: Tensor) -> tuple[Tensor, Tensor]:
    """As `energy_gradient`, of any `x` (B, ...) and with nothing attached to a graph."""
    with torch.enable_grad():
        energies, gradient = energy_gradient(energy, x.detach().requires_grad_(True), create_graph=False)
    return energies.detach(), gradient
