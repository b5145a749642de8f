"""The parts of an energy, for losses that average over them while chains follow their sum."""

from collections.abc import Callable

from torch import Tensor


def heads(energy: Callable[..., Tensor], x: Tensor, *condition: Tensor) -> Tensor:
    """Energies (B, S) of the S networks whose sum `energy` is; (B, 1) of an energy that is one network.

    `x` (B, ...); a conditional energy takes a `condition` (B, K) too.
    """
    if hasattr(energy, "heads"):
        return energy.heads(x, *condition)
    return energy(x, *condition)[:, None]
