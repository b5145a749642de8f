"""Sampling from a trained restricted Boltzmann machine: block-Gibbs sweeps from fair coins."""

from collections.abc import Iterator

import torch
from torch import Tensor

from ebmrepro.energies.binary import coins
from ebmrepro.mcmc.chain import chain
from ebmrepro.mcmc.chunks import Generated, Target, in_chunks
from ebmrepro.mcmc.gibbs import transition
from ebmrepro.params.generations.gibbs import GibbsGeneration


def generate(config: GibbsGeneration, target: Target) -> Generated:
    """`config.samples` visible states (n, d), binary or real, `config.steps` sweeps after fair coins."""
    bias = target.energy.visible_bias

    def states(chunk: range, generator: torch.Generator) -> Iterator[Tensor]:
        v = coins(bias.new_full((len(chunk), len(bias)), 0.5), generator)
        yield v
        yield from chain(target.energy, v, config, generator, transition=transition)

    return in_chunks(states, config.steps, config, target)
