"""Annealed importance sampling of log Z of any energy on the unit cube (Neal, 2001).

    Z = integral over [0,1]^d of exp(-E(x)) dx
    p_beta(x) = exp(-beta E(x)) / Z_beta,    beta from 0, the uniform density with Z_0 = 1, to 1

    log w = - sum_k (beta_k - beta_{k-1}) E(x_{k-1}),    x_k from x_{k-1} by a chain that leaves p_{beta_k}

E[w] = Z however far the chains are from p_beta, so by Jensen's inequality E[log mean w] < log Z: too few
temperatures or steps make log Z too small and likelihoods too high. The error bar shows by how much only
where many chains are effective: with one or two it is too short.

The chain is the Metropolis-adjusted Langevin algorithm (Roberts and Tweedie, 1996) with reflection at the
border: one leapfrog step of Hamiltonian dynamics in which a coordinate that meets a wall bounces off it
(Neal, 2011, section 5.1). Between its two kicks the step is the exact flow of a free particle in a box, which
preserves volume and is undone by reversing the momentum, so the Metropolis test makes detailed balance exact
for every step size. Refusing all moves out of the cube instead would refuse almost every move in many
dimensions.
"""

import itertools
import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.utils import parametrize

from ebmrepro.energies.gradient import EnergyFunction, energy_gradient
from ebmrepro.mcmc.annealed_importance_rbm import PartitionEstimate, summarise
from ebmrepro.params.evaluations.inception import Likelihood

# Values of points whose gradients are computed at once: 341 chains of 32x32 pixels in three colours.
CHUNK = 2**20


class State(NamedTuple):
    """Points `x` (B, ...) of the unit cube, their `energies` (B,) and `gradients` (B, ...), all detached."""

    x: Tensor
    energies: Tensor
    gradients: Tensor


def reflected_step(
    energy: EnergyFunction, state: State, beta: float, step_size: float, generator: torch.Generator
) -> tuple[State, Tensor]:
    """One move of p_beta(x) = exp(-beta E(x)) on the unit cube: the new state, and which moves were accepted
    (B,) bool.

    Away from the border the proposal is x - s beta grad E + sqrt(2 s) eps with s = `step_size` / beta, beta
    above 0: the widths of exp(-beta E) grow as 1 / sqrt(beta) where E is quadratic, so that one step size is
    as good at every beta. A move to an energy that is not finite is refused.
    """
    x = state.x
    time = math.sqrt(2 * step_size / beta)
    momentum = torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)
    halfway = momentum - 0.5 * time * beta * state.gradients
    # A path through mirror images of the cube: every other one has the coordinate turned round.
    unfolded = (x + time * halfway).remainder(2)
    turned = unfolded > 1
    bounced = torch.where(turned, 2 - unfolded, unfolded)
    proposed = State(bounced, *energy_gradient(energy, bounced))
    halfway = torch.where(turned, -halfway, halfway)
    arrived = halfway - 0.5 * time * beta * proposed.gradients
    log_ratio = beta * (state.energies.double() - proposed.energies.double())
    log_ratio += 0.5 * (momentum.double().square() - arrived.double().square()).flatten(1).sum(1)
    uniform = torch.rand(len(x), generator=generator, device=x.device, dtype=torch.float64)
    # False for NaN.
    accepted = uniform.log() < log_ratio
    chosen = (
        torch.where(accepted.view(-1, *[1] * (new.dim() - 1)), new, old)
        for new, old in zip(proposed, state, strict=True)
    )
    return State(*chosen), accepted


def cube_log_partition(
    energy: EnergyFunction,
    shape: tuple[int, ...],
    config: Likelihood,
    generator: torch.Generator,
    advance: Callable[[int], None] = lambda count: None,
) -> tuple[PartitionEstimate, float]:
    """log Z in nats of `energy` over the unit cube of points of `shape`, on the generator's device, and the
    share of all proposed moves that were accepted, in 0..1, NaN if none was proposed.

    `config.chains` chains through `config.temperatures` evenly spaced betas, 0 and 1 among them, with
    `config.steps` moves at each between. `advance` is called with the number of chains after each
    temperature. All numbers are NaN if an energy is.
    """
    betas = torch.linspace(0, 1, config.temperatures, dtype=torch.float64).tolist()
    together = max(1, CHUNK // math.prod(shape))
    log_weights, accepted, proposed = [], 0, 0
    with parametrize.cached():
        for first in range(0, config.chains, together):
            count = min(together, config.chains - first)
            x = torch.rand((count, *shape), generator=generator, device=generator.device)
            state = State(x, *energy_gradient(energy, x))
            log_weight = torch.zeros(count, dtype=torch.float64, device=generator.device)
            for before, beta in itertools.pairwise(betas):
                log_weight -= (beta - before) * state.energies.double()
                for _ in range(config.steps if beta < 1 else 0):
                    state, moved = reflected_step(energy, state, beta, config.step_size, generator)
                    accepted, proposed = accepted + moved.sum(), proposed + count
                advance(count)
            log_weights.append(log_weight)
    acceptance = float(accepted) / proposed if proposed else math.nan
    return summarise(torch.cat(log_weights)), acceptance
