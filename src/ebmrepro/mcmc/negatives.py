"""The negative phase: where chains start, how they run, where they go."""

from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.utils import parametrize

from ebmrepro.energies.binary import coins
from ebmrepro.energies.conditional import rows
from ebmrepro.energies.gradient import EnergyFunction
from ebmrepro.mcmc.augmentation import augment
from ebmrepro.mcmc.chain import run_chain, uniform_noise
from ebmrepro.mcmc.replay import ReplayBuffer
from ebmrepro.params.base import Section


class Negatives(NamedTuple):
    """Chain ends `x` (B, ...), detached, and the first n of them, `x_graph` (n, ...), the same numbers still
    attached to the energy's parameters through the last steps of the chain."""

    x: Tensor
    x_graph: Tensor | None


class NegativeSampler:
    """The chains of one training and their replay buffer; of a sampler without chains the random numbers."""

    def __init__(self, config: Section, like: Tensor, is_image: bool, generator: torch.Generator):
        """`like` is one batch of data (B, ...), already in the energy's units."""
        self.config, self.generator = config, generator
        self.buffer = None
        if config.buffer is not None:
            size = max(config.buffer.size, len(like))
            self.buffer = ReplayBuffer(size, config.buffer.kind, like, as_bytes=is_image)

    def start(self, data: Tensor) -> Tensor:
        """First states of the chains, shaped like `data` (B, ...).

        `data`: the data themselves (CD-k). `noise`: uniform in `start_box`, fair coins where there is none.
        `replay`: drawn from the buffer, augmented; noise until it holds one batch. `persistent`: where the
        same chains stopped last (PCD). The latter two begin at noise again with probability `reinitialise`.
        """
        config, generator = self.config, self.generator
        if config.start == "data":
            return data
        if config.start == "persistent":
            drawn = self.buffer.next(data)
            if not config.buffer.reinitialise:
                return drawn
        if config.start_box is None:
            noise = coins(torch.full_like(data, 0.5), generator)
        else:
            noise = uniform_noise(data.shape, config.start_box, data.device, generator)
        if config.start == "noise" or (config.start == "replay" and len(self.buffer) < len(data)):
            return noise
        if config.start == "replay":
            drawn = self.neighbours(len(data))
        chance = torch.rand(len(data), generator=generator, device=data.device)
        fresh = (chance < config.buffer.reinitialise).view(-1, *[1] * (data.dim() - 1))
        return torch.where(fresh, noise, drawn)

    # The parameters stand still: weights derived from them are computed once for all steps, with their graph.
    @parametrize.cached()
    def run(
        self, energy: EnergyFunction, data: Tensor, with_graph: int = 0, graph_steps: int | Literal["all"] = 1
    ) -> Negatives:
        """A chain per row of `data`; the first `with_graph` ends keep the graph of the last `graph_steps`."""
        total = self.config.steps
        free = total - (total if graph_steps == "all" else graph_steps) if with_graph else total
        x = run_chain(energy, self.start(data), self.config, self.generator, free, total=total)
        if not with_graph:
            return Negatives(x, None)
        last = (self.config, self.generator, total - free, free, total)
        own = rows(energy, slice(0, with_graph))
        attached = run_chain(own, x[:with_graph], *last, create_graph=True)
        ends = attached.detach()
        if with_graph < len(x):
            others = rows(energy, slice(with_graph, None))
            ends = torch.cat([ends, run_chain(others, x[with_graph:], *last)])
        return Negatives(ends, attached)

    def keep(self, ends: Tensor) -> None:
        """Put chain ends (B, ...) into the replay buffer, if there is one."""
        if self.buffer is not None:
            self.buffer.add(ends, self.generator)

    def neighbours(self, count: int) -> Tensor:
        """`count` past chain ends for the entropy estimate, augmented like the chains' starts."""
        drawn = self.buffer.draw(count, self.generator)
        if self.config.augmentation is not None:
            drawn = augment(drawn, self.config.augmentation, self.generator)
        return drawn
