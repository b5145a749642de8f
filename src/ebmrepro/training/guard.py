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
        largest = torch.finfo(torch.float32).max
        self._limits = torch.tensor([energy_limit, energy_limit, largest], device=device)
        self._good = torch.tensor(True, device=device)
        self._good_steps = torch.tensor(0, device=device)
        # Two mean energies and the norm of the gradient: of the first bad step, before it of the last one.
        self._seen = torch.zeros(3, device=device)

    def observe(self, energies: list[Tensor], gradient_norm: Tensor) -> Tensor:
        """Look at the mean energies (one or two) and the gradient norm of one iteration, before the
        optimiser's step. Every iteration has its turn.

        Returns 1.0 if anything bad was seen so far, else 0.0: a scalar on the device, float32, in the form in
        which torch's fused optimisers take it (`found_inf`).
        """
        seen = torch.stack([energies[0], energies[-1], gradient_norm])
        self._seen = torch.where(self._good, seen, self._seen)
        # False for NaN.
        self._good.logical_and_((seen.abs() <= self._limits).all())
        self._good_steps.add_(self._good)
        return self._good.logical_not().float()

    def diverged(self) -> tuple[int, str] | None:
        """(0-based iteration, cause) of the first bad step, or None. Waits for the device."""
        if self._good:
            return None
        iteration, *energies, _ = self._good_steps.item(), *self._seen.tolist()
        if not all(map(math.isfinite, energies)):
            return iteration, CAUSES[0]
        return iteration, CAUSES[1] if max(map(abs, energies)) > self.limit else CAUSES[2]

    def state(self) -> Tensor:
        """(5,) float64: everything that `load_state` needs."""
        return torch.cat([torch.stack([self._good, self._good_steps]).double(), self._seen.double()])

    def load_state(self, state: Tensor) -> None:
        """Continue from `state`."""
        good, steps, *seen = state.to(self._seen.device)
        self._good, self._good_steps = good.bool(), steps.long()
        self._seen = torch.stack(seen).float()
