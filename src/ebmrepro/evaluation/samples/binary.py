"""Reconstructions by models of binary images, filters of their hidden units, and valid samples."""

import math

import numpy as np
import torch
from torch import Tensor, nn


@torch.no_grad()
def reconstruct(model: nn.Module, x: Tensor, generator: torch.Generator) -> Tensor:
    """Probabilities (n, d) of the pixels of binary `x` (n, d) after one way up, drawn, and down again."""
    if hasattr(model, "recognition"):
        return model.visible_mean(model.sample_recognition(x, generator)[0])
    return model.visible_mean(model.sample_hidden(x, generator))


def reconstruction_error(x: Tensor, probabilities: Tensor) -> float:
    """Mean cross-entropy in nats an image between binary `x` and `probabilities`, (n, d); NaN if one is NaN,
    as of a diverged model."""
    if probabilities.isnan().any():
        return math.nan
    loss = torch.nn.functional.binary_cross_entropy(probabilities, x, reduction="none")
    return float(loss.sum(1).double().mean())


def filters(model: nn.Module, count: int) -> np.ndarray:
    """Weights of the first `count` hidden units to the pixels, (count, side, side) float32, row-major."""
    weight = model.weight if hasattr(model, "weight") else model.generative.layers[0].weight
    side = math.isqrt(len(weight))
    return weight.detach().T[:count].unflatten(1, (side, side)).cpu().numpy()


def valid_share(samples: np.ndarray, patterns: np.ndarray) -> float:
    """Share of binary `samples` (n, d) that are among `patterns` (m, d)."""
    powers = 2.0 ** np.arange(samples.shape[1])
    return float(np.isin(samples @ powers, patterns @ powers).mean())
