"""Several energies of one kind as one: their mean."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ebmrepro.energies.heads import heads


class Ensemble(nn.Module):
    """The mean energy of `members` energies that differ in their initial weights.

    As the authors train it: all share one replay buffer, and each iteration one member, drawn at random,
    makes the chains and is updated on its own (`member`); the others stand still.
    """

    def __init__(self, build: Callable[[], nn.Module], members: int):
        """`build` makes one energy, with new weights at every call."""
        super().__init__()
        self.energies = nn.ModuleList(build() for _ in range(members))

    @property
    def members(self) -> int:
        """How many energies there are."""
        return len(self.energies)

    def member(self, index: int) -> nn.Module:
        """Energy number `index`, from 0."""
        return self.energies[index]

    def heads(self, x: Tensor, *condition: Tensor) -> Tensor:
        """Energies (B, S) by scale, the mean over members."""
        return torch.stack([heads(energy, x, *condition) for energy in self.energies]).mean(0)

    def forward(self, x: Tensor, *condition: Tensor) -> Tensor:
        """Energies (B,) of `x` (B, ...), the mean over members."""
        return torch.stack([energy(x, *condition) for energy in self.energies]).mean(0)
