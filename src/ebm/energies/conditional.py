"""A conditional energy at given conditions, as an energy of the samples alone."""

from torch import Tensor, nn


class Given(nn.Module):
    """E(x | c) as a function of x.

    `condition` (B, K) belongs to B samples. For m B samples it is repeated: rows i and i + B share it, as in
    one forward pass of data and chain ends together. A single row (1, K) is everybody's.
    """

    def __init__(self, energy: nn.Module, condition: Tensor):
        super().__init__()
        self.energy, self.condition = energy, condition

    def _for(self, x: Tensor) -> Tensor:
        if len(x) % len(self.condition):
            raise ValueError(f"{len(self.condition)} conditions cannot be shared out among {len(x)} samples")
        return self.condition.repeat(len(x) // len(self.condition), 1)

    def forward(self, x: Tensor) -> Tensor:
        """Energies (m B,) of samples (m B, ...)."""
        return self.energy(x, self._for(x))

    def heads(self, x: Tensor) -> Tensor:
        """Energies (m B, S) by scale."""
        own = getattr(self.energy, "heads", None)
        return own(x, self._for(x)) if own is not None else self(x)[:, None]


def rows(energy: nn.Module, chosen: slice) -> nn.Module:
    """`energy` for the chosen rows of a batch: its conditions are sliced, if it has any."""
    if not isinstance(energy, Given) or len(energy.condition) == 1:
        return energy
    return Given(energy.energy, energy.condition[chosen])
