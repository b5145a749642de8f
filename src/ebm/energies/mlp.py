"""A multi-layer perceptron as an energy."""

from torch import Tensor, nn


class MLPEnergy(nn.Module):
    """Linear layers of the given widths with swish between them, then one linear unit."""

    def __init__(self, dim: int, widths: list[int]):
        super().__init__()
        layers: list[nn.Module] = []
        for width in widths:
            layers += [nn.Linear(dim, width), nn.SiLU()]
            dim = width
        self.layers = nn.Sequential(*layers, nn.Linear(dim, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Energies (B,) of points (B, d)."""
        return self.layers(x).squeeze(1)
