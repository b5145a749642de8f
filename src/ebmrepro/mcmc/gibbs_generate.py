"""Sampling from a trained restricted Boltzmann machine: block-Gibbs sweeps from fair coins."""

from collections.abc import Iterator

import torch
from torch import Tensor

from ebmrepro.energies.binary import coins
from ebmrepro.mcmc.chunks import Generated, Target, in_chunks
from ebmrepro.mcmc.gibbs import gibbs_step
from ebmrepro.params.generations.gibbs import GibbsGeneration


def generate(config: GibbsGeneration, target: Target) -> Generated:
    """`config.samples` visible states (n, d) after `config.steps` sweeps, and the strip of the first chains.

    Each chain starts at fair coins, binary or real visible units alike.
    """
    bias = target.energy.visible_bias

    def states(chunk: range, generator: torch.Generator) -> Iterator[Tensor]:
        v = coins(bias.new_full((len(chunk), len(bias)), 0.5), generator)
        yield v
        for _ in range(config.steps):
            yield (v := gibbs_step(target.energy, v, generator))

    return in_chunks(states, config.chain_steps(), config, target)
