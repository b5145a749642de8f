"""Sampling from a trained restricted Boltzmann machine: block-Gibbs sweeps from fair coins."""

import torch
from torch import Tensor

from ebm.data.streams import stream_seed
from ebm.energies.rbm import RBM, coins
from ebm.mcmc.generate import CHUNK, Generated
from ebm.mcmc.gibbs import gibbs_step
from ebm.params.sampling import GibbsGeneration
from ebm.progress import Progress


def gibbs_generate(rbm: RBM, config: GibbsGeneration, seed: int, progress: Progress) -> Generated:
    """`config.samples` visible states (n, d) after `config.steps` sweeps, and the strip of the first chains.

    Each chain starts at fair coins, binary or real visible units alike. `progress` counts sweeps of chunks of
    CHUNK chains; chunk k draws from a random stream of its own, (seed, generation, k).
    """
    bias = rbm.visible_bias
    shown = torch.linspace(0, config.steps, config.strip_frames).round().int().tolist()
    ends: list[Tensor] = []
    for number, first in enumerate(range(0, config.samples, CHUNK)):
        count = min(CHUNK, config.samples - first)
        generator = torch.Generator(bias.device).manual_seed(stream_seed(seed, "generation", number))
        v = coins(bias.new_full((count, len(bias)), 0.5), generator)
        frames = [v[: config.strip_chains]]
        for sweep in range(1, config.steps + 1):
            v = gibbs_step(rbm, v, generator)
            if sweep in shown:
                frames.append(v[: config.strip_chains])
            progress.advance()
        if number == 0:
            strip = torch.stack(frames)
        ends.append(v)
    return Generated(torch.cat(ends), strip)
