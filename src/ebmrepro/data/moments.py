"""Mean and covariance of a data set, of which a part at a time is looked at."""

import numpy as np
import torch
from torch import Tensor

from ebmrepro.data.host_batches import HostData

BLOCK = 4096


def principal_axes(data: Tensor | HostData) -> tuple[Tensor, Tensor, Tensor]:
    """Mean (d,), variances (d,), rising, and directions (d, d), the columns, of `data` (n, ...), flat: its
    covariance, with n below, is directions diag(variances) directions^T. float64, on the host.

    uint8 levels v count as what training makes of them, v/256 + U(0, 1/256).
    """
    rows = data.rows if isinstance(data, HostData) else data.cpu().numpy()
    count, width = len(rows), int(np.prod(rows.shape[1:]))
    first = _flat(rows[:BLOCK]).mean(0)
    total, scatter = torch.zeros(width).double(), torch.zeros(width, width).double()
    for start in range(0, count, BLOCK):
        # About a mean: far from it sums of squares would lose the digits of the covariance.
        part = _flat(rows[start : start + BLOCK]) - first
        total += part.sum(0)
        scatter += part.T @ part
    shift = total / count
    covariance = scatter / count - torch.outer(shift, shift)
    if rows.dtype == np.uint8:
        covariance.diagonal().add_(1 / (12 * 256**2))
    variances, directions = torch.linalg.eigh(covariance)
    # Rounding leaves those of a singular covariance slightly below zero.
    return first + shift, variances.clamp(min=0), directions


def _flat(rows: np.ndarray) -> Tensor:
    flat = torch.from_numpy(np.array(rows)).flatten(1).double()
    return (flat + 0.5) / 256 if rows.dtype == np.uint8 else flat
