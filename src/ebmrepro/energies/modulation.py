"""Time input: hidden features under gains and biases that belong to each time."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn


class Modulation(nn.Module):
    """(1 + gain) * features + bias, gain and bias looked up by time (FiLM; Perez et al., 2018).

    Both start at 0: at first the features are the same at all times.
    """

    def __init__(self, times: int, width: int):
        super().__init__()
        self.gain = nn.Parameter(torch.zeros(times, width))
        self.bias = nn.Parameter(torch.zeros(times, width))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """`x` (B, C, ...) under one-hot `condition` (B, times), the same shape."""
        shape = (*x.shape[:2], *[1] * (x.dim() - 2))
        gain, bias = condition @ (1 + self.gain), condition @ self.bias
        return torch.addcmul(bias.view(shape), gain.view(shape), x)


def check_condition(condition: Tensor | None, batch: int, times: int | None) -> None:
    """ValueError if the condition is missing, not (batch, times), or given to an energy without `times`."""
    expected = None if times is None else (batch, times)
    found = None if condition is None else tuple(condition.shape)
    if found != expected:
        raise ValueError(f"the energy takes a condition of shape {expected}, got {found}")


class Modulations(nn.ModuleList):
    """A `Modulation` for layers of each of `widths`; none for an energy without `times`."""

    def __init__(self, times: int | None, widths: Iterable[int]):
        super().__init__(Modulation(times, width) for width in widths if times is not None)
        self.times = times

    def forward(self, layers: nn.Module, x: Tensor, condition: Tensor | None) -> Tensor:
        """`x` (B, ...) through `layers`, after each linear or convolution the next of these, if any is left.

        ValueError if the one-hot `condition` (B, times) does not suit.
        """
        check_condition(condition, len(x), self.times)
        remaining = iter(self)
        for layer in layers:
            x = layer(x)
            if isinstance(layer, nn.Linear | nn.Conv2d) and (modulation := next(remaining, None)) is not None:
                x = modulation(x, condition)
        return x
