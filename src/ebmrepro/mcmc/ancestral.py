"""Sampling from a directed model: no chain, each sample drawn from the top layer down."""

import torch

from ebmrepro.data.streams import stream_seed
from ebmrepro.energies.helmholtz import HelmholtzMachine
from ebmrepro.mcmc.chunks import Generated
from ebmrepro.params.generations.ancestral import AncestralGeneration

# How many samples the strip shows; there is no way from a start to them.
STRIP_CHAINS = 8


def ancestral_generate(machine: HelmholtzMachine, config: AncestralGeneration, seed: int) -> Generated:
    """`config.samples` independent samples (n, d) of the machine, 0.0 or 1.0.

    The strip (1, at most STRIP_CHAINS, d) has one frame, the first samples themselves. Random numbers come
    from the stream (seed, "generation", 0).
    """
    device = next(machine.parameters()).device
    generator = torch.Generator(device).manual_seed(stream_seed(seed, "generation", 0))
    samples, _ = machine.sample(config.samples, generator)
    return Generated(samples, samples[None, :STRIP_CHAINS])
