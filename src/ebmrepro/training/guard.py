"""Divergence is a result: it is recorded with its iteration and cause, and training stops there."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor


class DivergenceGuard:
    """Watches energies and gradients on the device, without reading them back before `diverged` is asked.

    From the first bad iteration on the optimiser is told, on the device, to leave its step out.
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
        """1.0 if anything bad was seen up to this iteration, before its step, else 0.0: a float32 scalar on
        the device, as torch's fused optimisers take it (`found_inf`). `energies`: one mean or two.
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
        iteration, (*energies, _) = self._good_steps.item(), self._seen.tolist()
        if not all(map(math.isfinite, energies)):
            return iteration, "non-finite energy"
        above = max(map(abs, energies)) > self.limit
        return iteration, "energy above the limit" if above else "non-finite gradient"

    def first_bad(self, logged: Iterable[str]) -> dict[str, Tensor]:
        """What was seen of the first bad step, as far as the names of scalars `logged` ask for it."""
        positive, negative, norm = self._seen
        energies = {"energy_positive": positive, "energy_negative": negative}
        seen = energies | {"energy_gap": positive - negative, "gradient_norm": norm}
        return {name: seen[name] for name in logged if name in seen}

    def state_dict(self) -> dict[str, Tensor]:
        """Everything that `load_state_dict` needs."""
        return {"good": self._good, "good_steps": self._good_steps, "seen": self._seen}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Continue from `state`."""
        for name, held in self.state_dict().items():
            held.copy_(state[name])
