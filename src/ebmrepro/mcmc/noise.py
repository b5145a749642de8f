"""Where chains start when they start at noise."""

import torch
from torch import Tensor


def uniform_noise(
    shape: tuple[int, ...], box: list[float], device: torch.device, generator: torch.Generator
) -> Tensor:
    """U(low, high) samples of `shape`, float32, `box` being [low, high]."""
    low, high = box
    return low + (high - low) * torch.rand(shape, generator=generator, device=device)
