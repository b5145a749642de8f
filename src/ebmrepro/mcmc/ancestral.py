"""Sampling from a directed model: no chain, each sample drawn from the top layer down."""

import torch

from ebmrepro.data.streams import stream_seed
from ebmrepro.mcmc.chunks import CHUNK, Generated, Target
from ebmrepro.params.generations.ancestral import AncestralGeneration

# How many samples the strip shows; there is no way from a start to them.
STRIP_CHAINS = 8


def generate(config: AncestralGeneration, target: Target) -> Generated:
    """`config.samples` independent samples (n, d) of a directed model, 0.0 or 1.0, all of one random stream.

    The strip (1, at most STRIP_CHAINS, d) has one frame, the first samples themselves.
    """
    stream = stream_seed(target.seed, target.purpose, target.first_stream)
    generator = torch.Generator(target.device).manual_seed(stream)
    samples, _ = target.energy.sample(config.samples, generator)
    target.progress.advance(-(-config.samples // CHUNK))
    return Generated(samples, samples[None, :STRIP_CHAINS])
