"""Langevin dynamics as the ICD paper runs it: step size and noise are independent."""

import torch
from torch import Tensor

from ebmrepro.energies.gradient import EnergyFunction, energy_gradient
from ebmrepro.params.sampling import Langevin


def langevin_step(
    energy: EnergyFunction,
    x: Tensor,
    config: Langevin,
    generator: torch.Generator,
    create_graph: bool = False,
    noise_scale: float = 1.0,
) -> Tensor:
    """One step from `x` (B, ...): x <- x + noise * eps, then x <- clamp(x - step_size * grad E(x)).

    With `create_graph` the result stays attached to the energy's parameters through grad E, as the KL term
    of ICD needs, and to `x` if that is attached itself; pixels that the clamp stops then carry no gradient.
    Otherwise it is detached. Noise of sqrt(2 * step_size) is the discretised diffusion whose stationary law
    is exp(-E) / Z; `noise_scale` anneals it.
    """
    attached = create_graph and x.requires_grad
    if not attached:
        x = x.detach()
    if config.noise and noise_scale:
        eps = torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)
        x = x + config.noise * noise_scale * eps
    if not attached:
        x.requires_grad_(True)
    with torch.enable_grad():
        _, gradient = energy_gradient(energy, x, create_graph)
        x = (x if attached else x.detach()) - config.step_size * gradient
        if config.clamp is not None:
            x = x.clamp(*config.clamp)
    return x if create_graph else x.detach()


def transition(
    energy: EnergyFunction,
    x: Tensor,
    config: Langevin,
    generator: torch.Generator,
    step: int,
    total: int,
    create_graph: bool = False,
) -> Tensor:
    """Step number `step` (from 0) of `total` (mcmc/chain.py); `config.anneal` scales its noise."""
    scale = (total - 1 - step) / total if config.anneal else 1.0
    return langevin_step(energy, x, config, generator, create_graph, scale)
