"""A multi-layer perceptron as an energy."""

from torch import Tensor, nn

from ebmrepro.energies.modulation import Modulations
from ebmrepro.params.energies.mlp import MLPEnergy as Config


class MLPEnergy(nn.Module):
    """Linear layers of the given widths with swish between them, then one linear unit.

    With `times` it is E(x, t): every hidden layer is modulated by time, before its swish.
    """

    def __init__(self, dim: int, widths: list[int], times: int | None = None):
        super().__init__()
        layers: list[nn.Module] = []
        for width in widths:
            layers += [nn.Linear(dim, width), nn.SiLU()]
            dim = width
        self.layers = nn.Sequential(*layers, nn.Linear(dim, 1))
        self.modulations = Modulations(times, widths)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Energies (B,) of points (B, d), at one-hot `condition` (B, times): see `Modulations`."""
        return self.modulations(self.layers, x, condition).squeeze(1)


def build(config: Config, shape: tuple[int, ...], classes: int | None) -> MLPEnergy:
    """The energy for vectors of `shape` (d,)."""
    return MLPEnergy(shape[0], config.widths, classes)
