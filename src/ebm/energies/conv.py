"""A small convolutional energy for images of 8x8 pixels and up."""

from torch import Tensor, nn


class ConvEnergy(nn.Module):
    """Four 3x3 convolutions (w, 2w, 2w, 4w channels) with swish, one 2x2 average pool after the second.

    The energy is linear in the sum of the last features over positions, so any image size fits.
    """

    def __init__(self, channels: int, width: int):
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

    def forward(self, x: Tensor) -> Tensor:
        """Energies (B,) of images (B, C, H, W)."""
        return self.output(self.features(x).sum((2, 3))).squeeze(1)
