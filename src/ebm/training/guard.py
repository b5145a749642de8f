"""Divergence is a result: it is recorded with its iteration and cause, and training stops there."""

import torch
from torch import Tensor

CAUSES = ("non-finite energy", "energy above the limit", "non-finite gradient")


class DivergenceGuard:
    """Watches energies and gradients on the device and keeps the parameters at the last good state.

    Nothing is read back to the host until `diverged` is asked: from the first bad iteration on the optimiser
    is told, on the device, to leave its step out, so the parameters stay those before it.
    """

    def __init__(self, energy_limit: float, device: torch.device):
        self.limit = energy_limit
        # (iteration of the first bad step or -1, index of its cause)
        self.record = torch.tensor([-1, 0], device=device)

    def observe(self, iteration: int, energies: list[Tensor], gradient_norm: Tensor) -> Tensor:
        """Look at mean energies and the gradient norm of `iteration`, before the optimiser's step.

        Returns 1.0 if anything bad was seen so far, else 0.0: a scalar on the device, float32, in the form in
        which torch's fused optimisers take it (`found_inf`).
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
        return (self.record[0] >= 0).float()

    def diverged(self) -> tuple[int, str] | None:
        """(0-based iteration, cause) of the first bad step, or None. Waits for the device."""
        iteration, cause = self.record.tolist()
        return None if iteration < 0 else (iteration, CAUSES[cause])
