"""Energies of models that were trained apart, brought to one scale.

Contrastive divergence fixes neither the constant in an energy nor, with cold chains, its unit: exp(-E/T) is
sampled at a temperature T that is no part of the model. In a sum of energies the constants do not matter and
the units are weights. In a mixture -log sum_i exp(-b E_i) / b a constant is a mixture weight of exp(b c), and
where the constants differ one part is all of it. What a model was trained on says which energies are usual:

    e(x) = (E(x) - mean) / spread,    mean and standard deviation of E over the model's training images

is 0 for a typical image of its own, and a unit of e is what such images differ by. For an energy that is
quadratic in d directions the spread is T sqrt(d / 2): dividing by it also divides out the temperature.
"""

import math
from typing import Self

import torch
from torch import Tensor, nn

# Images whose energies are computed at a time.
CHUNK = 250


class Calibrated(nn.Module):
    """(E(x) - mean) / spread, an energy of x alone like E."""

    def __init__(self, energy: nn.Module, mean: float, spread: float):
        """Raises ValueError unless spread > 0."""
        super().__init__()
        if not spread > 0:
            raise ValueError(f"a spread must be above 0, got {spread}")
        self.energy, self.mean, self.spread = energy, mean, spread

    @classmethod
    def on(cls, energy: nn.Module, data: Tensor) -> Self:
        """`energy` calibrated on `data` (n, ...), at least two.

        Where its energies are not finite or all the same, as a model's that diverged, it is left as it is.
        """
        with torch.no_grad():
            energies = torch.cat([energy(part) for part in data.split(CHUNK)]).double()
        spread, mean = (float(value) for value in torch.std_mean(energies))
        usable = math.isfinite(mean) and math.isfinite(spread) and spread > 0
        return cls(energy, mean, spread) if usable else cls(energy, 0.0, 1.0)

    def forward(self, x: Tensor) -> Tensor:
        """Energies (B,) of `x` (B, ...), in units of the spread."""
        return (self.energy(x) - self.mean) / self.spread
