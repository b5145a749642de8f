"""log Z of an energy of two dimensions by quadrature, differentiable in its parameters."""

import math
from functools import partial

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

# Points in one piece: more of them are evaluated anew in the backward pass instead of being kept.
PIECE = 16384


def midpoint_grid(box: list[float], cells: int, like: Tensor) -> tuple[Tensor, float]:
    """Centres (cells^2, 2) of the cells of the square `box` x `box`, and the log of the area of one.

    The second coordinate runs fastest. On the device and in the precision of `like`.
    """
    low, high = box
    width = (high - low) / cells
    centres = low + width * (torch.arange(cells, device=like.device, dtype=like.dtype) + 0.5)
    return torch.cartesian_prod(centres, centres), 2 * math.log(width)


def grid_log_partition(energy: nn.Module, box: list[float], cells: int, like: Tensor) -> Tensor:
    """log of the integral of exp(-E) over the square `box` x `box`, a scalar.

    Midpoint rule on `cells` x `cells` cells, on the device and in the precision of `like`. What lies outside
    the box is left out, and what is finer than a cell is missed: box and cells must fit the energy.
    """
    points, log_area = midpoint_grid(box, cells, like)
    pieces = points.split(PIECE)
    evaluate = energy
    if len(pieces) > 1 and torch.is_grad_enabled():
        evaluate = partial(checkpoint, energy, use_reentrant=False, preserve_rng_state=False)
    return torch.logsumexp(-torch.cat([evaluate(piece) for piece in pieces]), 0) + log_area
