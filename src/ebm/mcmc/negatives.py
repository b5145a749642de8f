"""The negative phase: where chains start, how they run, where they go."""

from typing import NamedTuple

import torch
from torch import Tensor

from ebm.mcmc.augmentation import augment
from ebm.mcmc.langevin import EnergyFunction, langevin_step, run_chain
from ebm.mcmc.noise import uniform_noise
from ebm.mcmc.replay import ReplayBuffer
from ebm.params.sampling import LangevinSampler


class Negatives(NamedTuple):
    """Chain ends. `x` (B, ...) is detached; `x_graph` (n, ...) are the first n of them, equal in value, still
    attached to the energy's parameters through the last Langevin step."""

    x: Tensor
    x_graph: Tensor | None


class NegativeSampler:
    """Runs the chains of one training and keeps their replay buffer."""

    def __init__(self, config: LangevinSampler, like: Tensor, is_image: bool, generator: torch.Generator):
        """`like` is one batch of data (B, ...), already in the energy's units."""
        self.config, self.generator = config, generator
        size = max(config.buffer.size, len(like))
        self.buffer = ReplayBuffer(size, config.buffer.kind, like, as_bytes=is_image)

    def start(self, data: Tensor) -> Tensor:
        """First states of the chains, shaped like `data` (B, ...).

        `data`: the data themselves (CD-k). `noise`: uniform in `start_box`. `replay`: drawn from the buffer,
        augmented, each chain re-initialised at noise with probability `reinitialise`; noise until the buffer
        holds one batch.
        """
        if self.config.start == "data":
            return data
        noise = uniform_noise(data.shape, self.config.start_box, data.device, self.generator)
        if self.config.start == "noise" or len(self.buffer) < len(data):
            return noise
        drawn = self.buffer.draw(len(data), self.generator)
        if self.config.augmentation is not None:
            drawn = augment(drawn, self.config.augmentation, self.generator)
        chance = torch.rand(len(data), generator=self.generator, device=data.device)
        fresh = (chance < self.config.buffer.reinitialise).view(-1, *[1] * (data.dim() - 1))
        return torch.where(fresh, noise, drawn)

    def run(self, energy: EnergyFunction, data: Tensor, with_graph: int = 0) -> Negatives:
        """Start and run one chain per row of `data`; `with_graph` of the ends keep the last step's graph.

        The last step is taken once: the detached ends are the values of the attached ones.
        """
        x = run_chain(energy, self.start(data), self.config, self.generator, self.config.steps - 1)
        if not with_graph:
            return Negatives(langevin_step(energy, x, self.config, self.generator), None)
        attached = langevin_step(energy, x[:with_graph], self.config, self.generator, create_graph=True)
        if with_graph >= len(x):
            return Negatives(attached.detach(), attached)
        rest = langevin_step(energy, x[with_graph:], self.config, self.generator)
        return Negatives(torch.cat([attached.detach(), rest]), attached)

    def keep(self, ends: Tensor) -> None:
        """Put chain ends (B, ...) into the replay buffer."""
        self.buffer.add(ends, self.generator)

    def neighbours(self, count: int) -> Tensor:
        """`count` past chain ends for the entropy estimate, augmented like the chains' starts."""
        drawn = self.buffer.draw(count, self.generator)
        if self.config.augmentation is not None:
            drawn = augment(drawn, self.config.augmentation, self.generator)
        return drawn
