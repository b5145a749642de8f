"""Samples by the chunk: chains run side by side, each chunk of them on a random stream of its own."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.utils import parametrize

from ebmrepro.data.streams import stream_seed
from ebmrepro.machine.progress import Progress
from ebmrepro.params.generations.annealed import AnnealedGeneration
from ebmrepro.params.generations.gibbs import GibbsGeneration
from ebmrepro.params.generations.langevin import LangevinGeneration

CHUNK = 500

# The states of the chains of some of the samples: their starts, then what each step makes of them.
States = Callable[[range, torch.Generator], Iterator[Tensor]]


class Generated(NamedTuple):
    """`samples` (n, ...) are the chain ends; `strip` (frames, chains, ...) shows the first chains on their
    way, evenly spaced in steps, the start and the end among the frames."""

    samples: Tensor
    strip: Tensor


def in_chunks(
    states: States,
    steps: int,
    config: LangevinGeneration | AnnealedGeneration | GibbsGeneration,
    device: torch.device,
    seed: int,
    progress: Progress,
    purpose: str = "generation",
    first_stream: int = 0,
) -> Generated:
    """The ends of `config.samples` chains of `steps` steps, CHUNK at a time, and their strip.

    `states(chunk, generator)` is given which samples the chunk holds. Chunk k draws from a random stream of
    its own, (seed, purpose, first_stream + k). `progress` counts the steps of chunks.
    """
    shown = torch.linspace(0, steps, config.strip_frames).round().int().tolist()
    ends: list[Tensor] = []
    frames: list[Tensor] = []
    for number, first in enumerate(range(0, config.samples, CHUNK)):
        chunk = range(first, min(first + CHUNK, config.samples))
        generator = torch.Generator(device).manual_seed(stream_seed(seed, purpose, first_stream + number))
        # The parameters stand still: weights that are derived from them are computed once.
        with parametrize.cached():
            for step, state in enumerate(states(chunk, generator)):
                if step:
                    progress.advance()
                if number == 0 and step in shown:
                    frames.append(state[: config.strip_chains])
        ends.append(state)
    return Generated(torch.cat(ends), torch.stack(frames))
