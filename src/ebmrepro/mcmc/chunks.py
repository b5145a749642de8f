"""Samples by the chunk: chains run side by side, each chunk of them on a random stream of its own."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from ebmrepro.data.streams import stream_seed
from ebmrepro.machine.progress import Progress
from ebmrepro.params.base import Section

CHUNK = 500

# The states of the chains of a chunk's samples: their starts, then what each step makes of them.
States = Callable[[range, torch.Generator], Iterator[Tensor]]


@dataclass(frozen=True)
class Target:
    """What is sampled: samples of `shape` from exp(-energy), with which random numbers.

    `condition` (n, K): that of each sample, for an energy conditioned on an attribute. `over_time`: a
    time-dependent energy E(x, condition), its conditions (B, times) one-hot, of which `energy` is the first
    time; `diffusion`: a and s of the kernel from each of its times to the next (objectives/dcd.py).
    `first_level`: a and s of x = a x_0 + s xi, data at the first of its times; 1 and 0, data themselves.
    `buffer` (m, ...): the replay buffer of the training, in the energy's units. Chunk k of the samples draws
    from the random stream (seed, purpose, first_stream + k); `progress` counts the steps of chunks.
    """

    energy: nn.Module
    shape: tuple[int, ...]
    seed: int
    progress: Progress
    condition: Tensor | None = None
    over_time: nn.Module | None = None
    diffusion: Sequence[tuple[float, float]] | None = None
    first_level: tuple[float, float] = (1.0, 0.0)
    buffer: Tensor | None = None
    purpose: str = "generation"
    first_stream: int = 0

    @property
    def device(self) -> torch.device:
        """Where the energy's parameters are."""
        return next(self.energy.parameters()).device


@dataclass(frozen=True)
class Generated:
    """`samples` (n, ...) are the chain ends; `strip` (frames, chains, ...) shows the first chains on their
    way, evenly spaced in steps, the start and the end among the frames. `others`: what else a kind draws."""

    samples: Tensor
    strip: Tensor
    others: Mapping[str, Tensor] = field(default_factory=dict)


def in_chunks(states: States, steps: int, config: Section, target: Target) -> Generated:
    """The ends of `config.samples` chains of `steps` steps, CHUNK at a time, and their strip.

    Raises ValueError if the strip has more frames than a chain has states.
    """
    if config.strip_frames > steps + 1:
        raise ValueError(f"strip_frames must be at most {steps + 1}, the states of a chain")
    shown = torch.linspace(0, steps, config.strip_frames).round().int().tolist()
    ends, frames = [], []
    for number, first in enumerate(range(0, config.samples, CHUNK)):
        chunk = range(first, min(first + CHUNK, config.samples))
        stream = stream_seed(target.seed, target.purpose, target.first_stream + number)
        generator = torch.Generator(target.device).manual_seed(stream)
        with parametrize.cached():
            for step, state in enumerate(states(chunk, generator)):
                if step:
                    target.progress.advance()
                if number == 0 and step in shown:
                    frames.append(state[: config.strip_chains])
        ends.append(state)
    return Generated(torch.cat(ends), torch.stack(frames))
