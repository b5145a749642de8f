"""Markov chains: transitions of the configured kind, one after the other."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.utils import parametrize

from ebmrepro.energies.gradient import EnergyFunction
from ebmrepro.mcmc.gibbs import gibbs_step
from ebmrepro.mcmc.hmc import hmc_step
from ebmrepro.mcmc.langevin import langevin_step
from ebmrepro.params.samplers.gibbs import GibbsSampler
from ebmrepro.params.samplers.hmc import HamiltonianSampler
from ebmrepro.params.sampling import Langevin


def transition(
    energy: EnergyFunction,
    x: Tensor,
    config: Langevin | HamiltonianSampler | GibbsSampler,
    generator: torch.Generator,
    step: int,
    total: int,
    create_graph: bool = False,
) -> Tensor:
    """The state after step number `step` (from 0) of `total`, from `x` (B, ...).

    Detached, or with `create_graph` attached to the energy's parameters and to `x`. Gibbs sweeps, of an RBM,
    have no graph.
    """
    if isinstance(config, GibbsSampler):
        return gibbs_step(energy, x, generator)
    if isinstance(config, HamiltonianSampler):
        return hmc_step(energy, x, config, generator, create_graph)
    scale = (total - 1 - step) / total if config.anneal else 1.0
    return langevin_step(energy, x, config, generator, create_graph, scale)


def chain(
    energy: EnergyFunction,
    x: Tensor,
    config: Langevin | HamiltonianSampler | GibbsSampler,
    generator: torch.Generator,
    steps: int | None = None,
    first: int = 0,
    total: int | None = None,
) -> Iterator[Tensor]:
    """The states after each of `steps` steps (default `config.steps`), detached, each shaped like `x`.

    They are steps `first`, `first` + 1, ... of `total` (default: what is asked for), which anneals the noise.
    """
    steps = config.steps if steps is None else steps
    for step in range(first, first + steps):
        x = transition(energy, x, config, generator, step, total or first + steps)
        yield x


def run_chain(
    energy: EnergyFunction,
    x: Tensor,
    config: Langevin | HamiltonianSampler | GibbsSampler,
    generator: torch.Generator,
    steps: int | None = None,
    first: int = 0,
    total: int | None = None,
) -> Tensor:
    """The last state of `chain`; `x` itself, detached, if `steps` is 0.

    The parameters stand still meanwhile: weights that are derived from them are computed once.
    """
    x = x.detach()
    with parametrize.cached():
        for state in chain(energy, x, config, generator, steps, first, total):
            x = state
    return x
