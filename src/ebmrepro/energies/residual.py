"""The residual energies of the ICD paper: one network for each resolution of the image, summed.

Blocks and widths are those of params/energies/layouts.py, read in the authors' code (models.py). The
unconditional CIFAR network of f = 64 with attention and three scales has 6,564,196 parameters.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ebmrepro.energies.blocks import ResidualBlock, SelfAttention, average_halved
from ebmrepro.energies.conditional import heads
from ebmrepro.energies.modulation import check_condition
from ebmrepro.params.energies.layouts import LAYOUTS, Network, without_room
from ebmrepro.params.energies.residual import ResidualEnergy as Config


class ResidualNetwork(nn.Module):
    """One network: 3x3 convolution, swish, the blocks, swish, global mean, one linear unit."""

    def __init__(self, network: Network, channels: int, config: Config, classes: int | None):
        super().__init__()
        width = int(config.width * network.stem)
        self.stem = nn.Conv2d(channels, width, 3, padding=1)
        self.blocks = nn.ModuleList()
        for kind in network.blocks:
            if kind == "attention":
                if config.attention:
                    self.blocks.append(SelfAttention(width))
                continue
            width_out = 2 * width if kind == "widen" else width
            halve = kind != "block"
            block = ResidualBlock(width, width_out, halve, config.normalise, config.spectral_norm, classes)
            self.blocks.append(block)
            width = width_out
        self.linear = nn.Linear(width, 1)
        self.output = config.output

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Energies (B,) of images (B, C, H, W) under `condition` (B, K)."""
        x = F.silu(self.stem(x))
        for block in self.blocks:
            x = block(x, condition)
        energies = self.linear(F.silu(x).mean((2, 3))).squeeze(1)
        if self.output == "square":
            return energies.square()
        return energies.sigmoid() if self.output == "sigmoid" else energies


class ResidualEnergy(nn.Module):
    """The sum of the networks at full, half and quarter resolution, or of the first `scales` of them."""

    def __init__(self, config: Config, shape: tuple[int, int, int], classes: int | None = None):
        """For images of `shape` (C, H, W) and conditions of length `classes`; ValueError if too small."""
        super().__init__()
        for reason in without_room(config, shape):
            raise ValueError(reason)
        self.classes = classes
        self.networks = nn.ModuleList(
            ResidualNetwork(network, shape[0], config, classes)
            for network in LAYOUTS[config.layout][: config.scales]
        )

    def heads(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Energies (B, S) of the S networks for images (B, C, H, W), under float one-hot `condition`
        (B, classes): `check_condition`."""
        check_condition(condition, len(x), self.classes)
        energies = []
        for number, network in enumerate(self.networks):
            x = average_halved(x) if number else x
            energies.append(network(x, condition))
        return torch.stack(energies, 1)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Energies (B,): the sum of `heads`."""
        return self.heads(x, condition).sum(1)


class Ensemble(nn.Module):
    """The mean of several `energies` that differ in their initial weights, `members` of them.

    As the authors train it: all share one replay buffer, and each iteration one of `energies`, drawn at
    random, makes the chains and is updated on its own; the others stand still.
    """

    def __init__(self, energies: list[nn.Module]):
        super().__init__()
        self.members, self.energies = len(energies), nn.ModuleList(energies)

    def heads(self, x: Tensor, *condition: Tensor) -> Tensor:
        """Energies (B, S) by scale, the mean over members."""
        return torch.stack([heads(energy, x, *condition) for energy in self.energies]).mean(0)

    def forward(self, x: Tensor, *condition: Tensor) -> Tensor:
        """Energies (B,) of `x` (B, ...), the mean over members."""
        return torch.stack([energy(x, *condition) for energy in self.energies]).mean(0)


def build(config: Config, shape: tuple[int, ...], classes: int | None) -> nn.Module:
    """The energy for images of `shape`, or an ensemble of `members` of them."""
    members = [ResidualEnergy(config, shape, classes) for _ in range(config.members)]
    return Ensemble(members) if len(members) > 1 else members[0]
