"""An energy's parts: a multi-scale energy is the sum of one network for each scale."""

from torch import Tensor, nn


def heads(energy: nn.Module, x: Tensor) -> Tensor:
    """Energies (B, S) of the S networks whose sum `energy` is; (B, 1) for an energy of one piece."""
    own = getattr(energy, "heads", None)
    return own(x) if own is not None else energy(x)[:, None]
