"""A small convolutional energy for images of 8x8 pixels and up."""

from torch import Tensor, nn

from ebmrepro.energies.modulation import Modulations
from ebmrepro.params.energies.conv import ConvEnergy as Config


class ConvEnergy(nn.Module):
    """Four 3x3 convolutions (w, 2w, 2w, 4w channels) with swish, one 2x2 average pool after the second.

    The energy is linear in the sum of the last features over positions. With `times` it is E(x, t): every
    convolution is modulated by time, before its swish.
    """

    def __init__(self, channels: int, width: int, times: int | None = None):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(channels, width, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(width, 2 * width, 3, padding=1),
            nn.SiLU(),
            nn.AvgPool2d(2),
            nn.Conv2d(2 * width, 2 * width, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(2 * width, 4 * width, 3, padding=1),
            nn.SiLU(),
        )
        self.output = nn.Linear(4 * width, 1)
        self.modulations = Modulations(times, (width, 2 * width, 2 * width, 4 * width))

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Energies (B,) of images (B, C, H, W), at one-hot `condition` (B, times): see `Modulations`."""
        features = self.modulations(self.features, x, condition)
        return self.output(features.sum((2, 3))).squeeze(1)


def build(config: Config, shape: tuple[int, ...], classes: int | None) -> ConvEnergy:
    """The energy for images of `shape` (C, H, W); ValueError if they are smaller than 8x8 pixels."""
    if min(shape[1:]) < 8:
        raise ValueError(f"a conv energy needs images of at least 8x8 pixels, got shape {shape}")
    return ConvEnergy(shape[0], config.width, classes)
