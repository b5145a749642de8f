"""Energies combined into one: products, mixtures and quotients of their densities (Du et al., 2020).

The parts are energies of x alone, conditional ones at a value (`conditional.Given`) and further combinations.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

GOLDEN = (5**0.5 - 1) / 2


class And(nn.Module):
    """E = sum_i w_i E_i: the product of the densities, each to the power of its weight."""

    def __init__(self, energies: Sequence[nn.Module], weights: Sequence[float]):
        """Raises ValueError unless there is one weight for each of at least one energy."""
        super().__init__()
        _check(energies, weights)
        self.energies, self.weights = nn.ModuleList(energies), tuple(weights)

    def forward(self, x: Tensor) -> Tensor:
        """Energies (B,) of `x` (B, ...)."""
        return sum(weight * energy(x) for weight, energy in zip(self.weights, self.energies, strict=True))


class Or(nn.Module):
    """E = -(1/b) log sum_i w_i exp(-b E_i), b = `sharpness`.

    b = 1 is the mixture of the unnormalised densities, b to infinity the least of the energies. The authors
    take b = 100 and equal weights.

    Chains from noise that are cold, as those of images, do not spread over such a mixture. The part that is
    lower at noise, where no model was ever asked, takes all of them, whatever offset, unit and b. Without a
    `sharpness` each row of a batch is a chain of its own part, drawn as the normalised mixture draws it: part
    i for the share w_i / sum w of the rows. So no energy is held against another model's.
    """

    def __init__(self, energies: Sequence[nn.Module], weights: Sequence[float], sharpness: float | None):
        """Raises ValueError unless there is one weight for each energy, one of them positive, and b > 0."""
        super().__init__()
        _check(energies, weights)
        if not max(weights) > 0 or min(weights) < 0 or not (sharpness is None or sharpness > 0):
            raise ValueError(f"weights {list(weights)} and sharpness {sharpness} make no mixture")
        self.energies, self.sharpness = nn.ModuleList(energies), sharpness
        self.log_weights = tuple(math.log(weight) if weight else -math.inf for weight in weights)

    def forward(self, x: Tensor) -> Tensor:
        """Energies (B,) of `x` (B, ...); without a sharpness B must be that of the chains."""
        if self.sharpness is None:
            return self._by_rows(x)
        parts = zip(self.log_weights, self.energies, strict=True)
        terms = torch.stack([log_weight - self.sharpness * energy(x) for log_weight, energy in parts])
        return -terms.logsumexp(0) / self.sharpness

    def _by_rows(self, x: Tensor) -> Tensor:
        bounds = torch.tensor(self.log_weights, dtype=torch.float64).softmax(0).cumsum(0)
        # Multiples of the golden section, modulo 1: any run of rows has the parts in about their shares.
        places = torch.arange(len(x), dtype=torch.float64).mul(GOLDEN).add(0.5).remainder(1)
        part = torch.bucketize(places, bounds[:-1], right=True).to(x.device)
        rows = [torch.nonzero(part == number).squeeze(1) for number in range(len(self.energies))]
        own = [energy(x[mine]) for energy, mine in zip(self.energies, rows, strict=True) if len(mine)]
        return torch.cat(own)[torch.cat(rows).argsort()]


class Not(nn.Module):
    """E = -w E_1: beside other parts of an `And` their density divided by this one's to the power of w.

    The authors take w = 0.001. Alone it need not have a finite normalising constant, and beside others the
    chain may end wherever E_1 is largest, far from all images. With an energy E_0 `instead` it is bounded:

        E = w log(1 + exp(E_0 - E_1)) = -w log(1 - p),    p = exp(-E_1) / (exp(-E_0) + exp(-E_1))

    p is the probability that x is of the first kind rather than the other. The gradient is p w times that of
    E_0 - E_1, and nothing where x is plainly of the other kind. Noise that is unlikely under both gains
    nothing. Both energies must be on one scale: calibration.py.
    """

    def __init__(self, energy: nn.Module, weight: float, instead: nn.Module | None = None):
        super().__init__()
        self.energy, self.weight, self.instead = energy, weight, instead

    def forward(self, x: Tensor) -> Tensor:
        """Energies (B,) of `x` (B, ...)."""
        energies = self.energy(x)
        return self.weight * (-energies if self.instead is None else softplus(self.instead(x) - energies))


class Guided(nn.Module):
    """E = E_1 - w log p,    p = exp(-E_1) / (exp(-E_1) + sum_j exp(-E_j)), E_j: the same at its other values.

    p is what the model itself says of the probability that x shows the first value, by Bayes' rule, all
    values as likely: the implicit classifier of classifier-free guidance (Ho and Salimans, 2022). In a sum
    the steepest energy decides, and a model whose values differ little in their energies loses against
    others. The second term asks for the value alone: it pulls where another is as likely, and not where x
    shows it. All energies must be on one scale: calibration.py.
    """

    def __init__(self, energy: nn.Module, instead: Sequence[nn.Module], weight: float):
        super().__init__()
        self.energy, self.instead, self.weight = energy, nn.ModuleList(instead), weight

    def forward(self, x: Tensor) -> Tensor:
        """Energies (B,) of `x` (B, ...)."""
        energies = self.energy(x)
        odds = torch.stack([energies - other(x) for other in self.instead]).logsumexp(0)
        return energies + self.weight * softplus(odds)


def _check(energies: Sequence[nn.Module], weights: Sequence[float]) -> None:
    if not energies or len(energies) != len(weights):
        raise ValueError(f"{len(energies)} energies need as many weights, at least one, got {len(weights)}")
