"""Divergence is a result: it is recorded with its iteration and cause, and training stops there."""

import torch
from torch import Tensor, nn

CAUSES = ("non-finite energy", "energy above the limit", "non-finite gradient")


class DivergenceGuard:
    """Watches energies and gradients on the device and holds the parameters at the last good state.

    Nothing is read back to the host until `diverged` is asked: from the first bad iteration on every update
    is undone on the device, so the parameters stay those before it.
    """

    def __init__(self, energy: nn.Module, energy_limit: float):
        self.limit = energy_limit
        self.parameters = list(energy.parameters())
        device = self.parameters[0].device
        # (iteration of the first bad step or -1, index of its cause)
        self.record = torch.tensor([-1, 0], device=device)

    def observe(self, iteration: int, energies: list[Tensor], gradient_norm: Tensor) -> list[Tensor]:
        """Look at mean energies and the gradient norm of `iteration`; returns what `hold` needs.

        Call before the optimiser's step.
        """
        values = torch.stack(energies).detach()
        bad = torch.stack(
            [
                ~values.isfinite().all(),
                (values.abs() > self.limit).any(),
                ~gradient_norm.detach().isfinite(),
            ]
        )
        found = torch.stack([torch.full_like(self.record[0], iteration), bad.to(torch.int64).argmax()])
        self.record = torch.where(bad.any() & (self.record[0] < 0), found, self.record)
        return [parameter.detach().clone() for parameter in self.parameters]

    def hold(self, before: list[Tensor]) -> None:
        """Undo the optimiser's step if anything bad was seen so far."""
        bad = self.record[0] >= 0
        with torch.no_grad():
            for parameter, old in zip(self.parameters, before, strict=True):
                parameter.copy_(torch.where(bad, old, parameter))

    def diverged(self) -> tuple[int, str] | None:
        """(0-based iteration, cause) of the first bad step, or None. Waits for the device."""
        iteration, cause = self.record.tolist()
        return None if iteration < 0 else (iteration, CAUSES[cause])
