"""Energies by their parts and at given conditions."""

from collections.abc import Callable

from torch import Tensor, nn


def heads(energy: Callable[..., Tensor], x: Tensor, *condition: Tensor) -> Tensor:
    """Energies (B, S) of the S networks whose sum `energy` is; (B, 1) of an energy that is one network.

    `x` (B, ...); a conditional energy takes a `condition` (B, K) too.
    """
    if hasattr(energy, "heads"):
        return energy.heads(x, *condition)
    return energy(x, *condition)[:, None]


class Given(nn.Module):
    """E(x | c) with c fixed: an energy of x alone, like any other, with the conditional one's parameters.

    `condition` (B, K), float one-hot: row i belongs to row i of a batch of B. A batch of m B rows is m such
    batches in a row, as data and their chain ends; a single condition (1, K) holds for any batch.
    """

    def __init__(self, energy: nn.Module, condition: Tensor):
        super().__init__()
        self.energy = energy
        self.register_buffer("condition", condition, persistent=False)

    def _repeated(self, x: Tensor) -> Tensor:
        times, rest = divmod(len(x), len(self.condition))
        if rest:
            raise ValueError(f"{len(self.condition)} conditions do not fit a batch of {len(x)}")
        return self.condition.to(x).repeat(times, 1)

    def heads(self, x: Tensor) -> Tensor:
        """Energies (m B, S) by scale of `x` (m B, ...); ValueError if the conditions do not fit."""
        return heads(self.energy, x, self._repeated(x))

    def forward(self, x: Tensor) -> Tensor:
        """Energies (m B,) of `x` (m B, ...); ValueError if the conditions do not fit."""
        return self.energy(x, self._repeated(x))


def rows(energy: nn.Module, chosen: slice) -> nn.Module:
    """`energy` for the rows `chosen` of its batch: their conditions if it is a `Given`, else unchanged."""
    if not isinstance(energy, Given) or len(energy.condition) == 1:
        return energy
    return Given(energy.energy, energy.condition[chosen])
