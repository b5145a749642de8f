"""The gradient of an energy in its data: what Langevin dynamics follows and score matching fits."""

from collections.abc import Callable

import torch
from torch import Tensor

EnergyFunction = Callable[[Tensor], Tensor]


@torch.enable_grad()
def energy_gradient(energy: EnergyFunction, x: Tensor, create_graph: bool = False) -> tuple[Tensor, Tensor]:
    """E(x) (B,) and grad_x E(x), shaped like `x` (B, ...).

    Detached, or with `create_graph` attached to the parameters, and to `x` if it requires a gradient.
    """
    if not (create_graph and x.requires_grad):
        x = x.detach().requires_grad_(True)
    energies = energy(x)
    (gradient,) = torch.autograd.grad(energies.sum(), x, create_graph=create_graph)
    return energies if create_graph else energies.detach(), gradient
