"""The negative phase: where chains start, how they run, where they go."""

import copy
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.utils import parametrize

from ebmrepro.energies.binary import coins
from ebmrepro.energies.conditional import rows
from ebmrepro.energies.gradient import EnergyFunction
from ebmrepro.mcmc.augmentation import augment
from ebmrepro.mcmc.chain import run_chain
from ebmrepro.mcmc.noise import uniform_noise
from ebmrepro.mcmc.persistent import PersistentChains
from ebmrepro.mcmc.replay import ReplayBuffer
from ebmrepro.params.base import Section


class Negatives(NamedTuple):
    """Chain ends. `x` (B, ...) is detached; `x_graph` (n, ...) are the first n of them, equal in value, still
    attached to the energy's parameters through the last steps of the chain."""

    x: Tensor
    x_graph: Tensor | None


class NegativeSampler:
    """Runs the chains of one training and keeps their replay buffer.

    A sampler without an implementation runs no chain: of it there are the random numbers, and no buffer.
    """

    def __init__(self, config: Section, like: Tensor, is_image: bool, generator: torch.Generator):
        """`like` is one batch of data (B, ...), already in the energy's units."""
        self.config, self.generator = config, generator
        self.transition = config.load() if config.implementation else None
        self.buffer = None
        if config.start == "persistent":
            self.buffer = PersistentChains(max(config.buffer.size, len(like)), like)
        elif config.buffer is not None:
            size = max(config.buffer.size, len(like))
            self.buffer = ReplayBuffer(size, config.buffer.kind, like, as_bytes=is_image)

    def twin(self, generator: torch.Generator) -> "NegativeSampler":
        """The same sampler over the same buffer, drawing from another generator."""
        other = copy.copy(self)
        other.generator = generator
        return other

    def start(self, data: Tensor) -> Tensor:
        """First states of the chains, shaped like `data` (B, ...).

        `data`: the data themselves (CD-k). `noise`: uniform in `start_box`, fair coins where there is none.
        `replay`: drawn from the buffer, augmented; noise until the buffer holds one batch. `persistent`:
        where the same chains stopped last (PCD). The latter two are re-initialised at noise with probability
        `reinitialise`.
        """
        if self.config.start == "data":
            return data
        if self.config.start == "persistent":
            drawn = self.buffer.next(data)
            if not self.config.buffer.reinitialise:
                return drawn
        noise = self._noise(data)
        if self.config.start == "noise":
            return noise
        if self.config.start == "replay":
            if len(self.buffer) < len(data):
                return noise
            drawn = self.buffer.draw(len(data), self.generator)
            if self.config.augmentation is not None:
                drawn = augment(drawn, self.config.augmentation, self.generator)
        chance = torch.rand(len(data), generator=self.generator, device=data.device)
        fresh = (chance < self.config.buffer.reinitialise).view(-1, *[1] * (data.dim() - 1))
        return torch.where(fresh, noise, drawn)

    def _noise(self, data: Tensor) -> Tensor:
        if self.config.start_box is None:
            return coins(torch.full_like(data, 0.5), self.generator)
        return uniform_noise(data.shape, self.config.start_box, data.device, self.generator)

    # The parameters stand still: weights derived from them are computed once for all steps, with their graph.
    @parametrize.cached()
    def run(
        self,
        energy: EnergyFunction,
        data: Tensor,
        with_graph: int = 0,
        graph_steps: int | Literal["all"] = 1,
    ) -> Negatives:
        """Start and run one chain per row of `data`; the first `with_graph` of the ends keep a graph.

        It goes through the last `graph_steps` steps. These are taken once: the detached ends are the values
        of the attached ones.
        """
        total = self.config.steps
        free = total - (total if graph_steps == "all" else graph_steps) if with_graph else total
        x = run_chain(energy, self.start(data), self.config, self.generator, free, total=total)
        if not with_graph:
            return Negatives(x, None)
        attached, with_graph = x[:with_graph], min(with_graph, len(x))
        own = rows(energy, slice(0, with_graph))
        for step in range(free, total):
            attached = self.transition(
                own, attached, self.config, self.generator, step, total, create_graph=True
            )
        if with_graph == len(x):
            return Negatives(attached.detach(), attached)
        others = rows(energy, slice(with_graph, None))
        rest = run_chain(
            others, x[with_graph:], self.config, self.generator, total - free, first=free, total=total
        )
        return Negatives(torch.cat([attached.detach(), rest]), attached)

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
