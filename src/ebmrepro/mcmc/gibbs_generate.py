"""Sampling from a trained restricted Boltzmann machine: block-Gibbs sweeps from fair coins."""

from collections.abc import Iterator

import torch
from torch import Tensor

from ebmrepro.energies.binary import coins
from ebmrepro.energies.rbm import RBM
from ebmrepro.machine.progress import Progress
from ebmrepro.mcmc.chunks import Generated, in_chunks
from ebmrepro.mcmc.gibbs import gibbs_step
from ebmrepro.params.generations.gibbs import GibbsGeneration


def gibbs_generate(rbm: RBM, config: GibbsGeneration, seed: int, progress: Progress) -> Generated:
    """`config.samples` visible states (n, d) after `config.steps` sweeps, and the strip of the first chains.

    Each chain starts at fair coins, binary or real visible units alike. `progress` counts sweeps of chunks;
    chunk k draws from a random stream of its own, (seed, "generation", k).
    """
    bias = rbm.visible_bias

    def states(chunk: range, generator: torch.Generator) -> Iterator[Tensor]:
        v = coins(bias.new_full((len(chunk), len(bias)), 0.5), generator)
        yield v
        for _ in range(config.steps):
            yield (v := gibbs_step(rbm, v, generator))

    return in_chunks(states, config.steps, config, bias.device, seed, progress)
