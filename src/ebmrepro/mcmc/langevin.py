"""Langevin dynamics as the ICD paper runs it: step size and noise are independent."""

import torch
from torch import Tensor

from ebmrepro.energies.gradient import EnergyFunction, energy_gradient
from ebmrepro.params.sampling import Langevin


@torch.enable_grad()
def transition(
    energy: EnergyFunction,
    x: Tensor,
    config: Langevin,
    generator: torch.Generator,
    step: int = 0,
    total: int = 1,
    create_graph: bool = False,
) -> Tensor:
    """One step from `x` (B, ...): x <- x + noise * eps, then x <- clamp(x - step_size * grad E(x)).

    Noise of sqrt(2 * step_size) is the discretised diffusion whose stationary law is exp(-E) / Z;
    `config.anneal` scales it, in step number `step` of `total`, by (total - 1 - step) / total.

    With `create_graph` it stays attached to the energy's parameters through grad E, as the KL term of ICD
    needs, and to `x`; pixels that the clamp stops then carry no gradient. Otherwise it is detached.
    """
    scale = (total - 1 - step) / total if config.anneal else 1.0
    x = x if create_graph else x.detach()
    if config.noise and scale:
        eps = torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)
        x = x + config.noise * scale * eps
    _, gradient = energy_gradient(energy, x, create_graph)
    x = x - config.step_size * gradient
    return x if config.clamp is None else x.clamp(*config.clamp)
