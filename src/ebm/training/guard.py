"""Divergence is a result: it is recorded with its iteration and cause, and training stops there."""

import math

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
        # Iteration of the first bad step or -1, then what was seen there: two mean energies and the norm of
        # the gradient. Single precision counts iterations exactly up to 2^24.
        self.record = torch.tensor([-1.0, 0.0, 0.0, 0.0], device=device)
        largest = torch.finfo(torch.float32).max
        self._limits = torch.tensor([energy_limit, energy_limit, largest], device=device)

    def observe(self, iteration: int, energies: list[Tensor], gradient_norm: Tensor) -> Tensor:
        """Look at the mean energies (one or two) and the gradient norm of `iteration`, before the optimiser's
        step.

        Returns 1.0 if anything bad was seen so far, else 0.0: a scalar on the device, float32, in the form in
        which torch's fused optimisers take it (`found_inf`).
        """
        seen = torch.stack([energies[0], energies[-1], gradient_norm]).detach()
        # False for NaN.
        good = (seen.abs() <= self._limits).all() | (self.record[0] >= 0)
        now = torch.nn.functional.pad(seen, (1, 0), value=float(iteration))
        self.record = torch.where(good, self.record, now)
        return (self.record[0] >= 0).float()

    def diverged(self) -> tuple[int, str] | None:
        """(0-based iteration, cause) of the first bad step, or None. Waits for the device."""
        iteration, *energies, _ = self.record.tolist()
        if iteration < 0:
            return None
        if not all(map(math.isfinite, energies)):
            return int(iteration), CAUSES[0]
        return int(iteration), CAUSES[1] if max(map(abs, energies)) > self.limit else CAUSES[2]
