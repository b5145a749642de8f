"""Hamiltonian Monte Carlo (Duane et al., 1987; Neal, 2011) with unit masses.

    H(x, p) = E(x) + |p|^2 / 2

One leapfrog step of size s is a Langevin step of size s^2 / 2 with matched noise; with the Metropolis test it
is the Metropolis-adjusted Langevin algorithm (Roberts and Tweedie, 1996).
"""

import torch
from torch import Tensor

from ebmrepro.energies.gradient import EnergyFunction, energy_gradient
from ebmrepro.params.samplers.hmc import HamiltonianSampler


@torch.enable_grad()
def transition(
    energy: EnergyFunction,
    x: Tensor,
    config: HamiltonianSampler,
    generator: torch.Generator,
    step: int = 0,
    total: int = 1,
    create_graph: bool = False,
) -> Tensor:
    """One transition from `x` (B, ...): fresh momenta, `leapfrog_steps`, then the test if `metropolis`.

    All are alike, whatever `step` and `total`. The test refuses a move to an energy that is not finite. With
    `create_graph` the result stays attached to the energy's parameters and to `x`; otherwise it is detached.
    """
    start = position = x if create_graph else x.detach()
    momentum = torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)
    kinetic_before = _kinetic(momentum)
    energies_before, gradient = energy_gradient(energy, position, create_graph)
    for _ in range(config.leapfrog_steps):
        momentum = momentum - 0.5 * config.step_size * gradient
        position = position + config.step_size * momentum
        if config.clamp is not None:
            position = position.clamp(*config.clamp)
        energies, gradient = energy_gradient(energy, position, create_graph)
        momentum = momentum - 0.5 * config.step_size * gradient
    if config.metropolis:
        log_ratio = energies_before - energies + kinetic_before - _kinetic(momentum)
        uniform = torch.rand(len(x), generator=generator, device=x.device, dtype=x.dtype)
        # False for NaN.
        accepted = uniform.log() < log_ratio.detach()
        position = torch.where(accepted.view(-1, *[1] * (x.dim() - 1)), position, start)
    return position


def _kinetic(momentum: Tensor) -> Tensor:
    return 0.5 * momentum.flatten(1).square().sum(1)
