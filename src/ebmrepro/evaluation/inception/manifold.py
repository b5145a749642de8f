"""Fidelity and diversity by nearest neighbours: precision and recall, density and coverage."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from ebmrepro.files.workspace import WorkspaceError

# Distances held at once: 256 MB in float64.
BLOCK = 2**25
# Squared distances closer than this share of the largest squared norm are equal: the sum of 2048 products in
# float64 is rounded by at most half as much.
TIE = 1e-12


def manifold(
    made: np.ndarray, real: np.ndarray, device: torch.device, neighbours: int, density_neighbours: int
) -> dict[str, float]:
    """How features `made` (m, d) and `real` (n, d) cover each other, by name.

    With r_k(x) the Euclidean distance from x to the k-th nearest of the others in its own set:

    precision = share of made y with |x - y| <= r_k(x) for a real x, k = `neighbours`
    recall    = share of real x with |x - y| <= r_k(y) for a made y
    density   = number of pairs with |x - y| < r_k(x), over k m, k = `density_neighbours`
    coverage  = share of real x with |x - y| < r_k(x) for a made y

    Precision and recall: Kynkaanniemi, Karras, Laine, Lehtinen and Aila (2019), closed balls. Density and
    coverage: Naeem, Oh, Uh, Choi and Yoo (2020), open balls as in the authors' code: two equal sets then have
    density 1. All depend on n, m and k. Raises WorkspaceError if a set has no k-th neighbour.
    """
    needed, there = max(neighbours, density_neighbours), min(len(made), len(real))
    if min(neighbours, density_neighbours) < 1 or there <= needed:
        raise WorkspaceError(
            f"the {needed}-th neighbour among {there} images does not exist: measure at least {needed + 1}"
        )
    x, y = (torch.from_numpy(np.asarray(side)).to(device).double() for side in (real, made))
    # Distances do not change with the origin; their rounding is least about the mean.
    centre = x.mean(0)
    x, y = x - centre, y - centre
    tie = TIE * float(torch.maximum(x.square().sum(1).max(), y.square().sum(1).max()))
    near, far = _radii(x, neighbours, density_neighbours)
    (near_made,) = _radii(y, neighbours)

    precise = torch.zeros(len(y), dtype=torch.bool, device=device)
    recalled, pairs, covered = 0, 0, 0
    for rows, squared in _squared_distances(x, y):
        precise |= (squared <= near[rows, None] + tie).any(0)
        recalled += int((squared <= near_made + tie).any(1).sum())
        inside = squared < far[rows, None] - tie
        pairs += int(inside.sum())
        covered += int(inside.any(1).sum())
    return {
        "precision": float(precise.double().mean()),
        "recall": recalled / len(x),
        "density": pairs / (density_neighbours * len(y)),
        "coverage": covered / len(x),
    }


def _radii(points: Tensor, *neighbours: int) -> list[Tensor]:
    """For each k of `neighbours` the squared distance (n,) from each point to its k-th nearest other."""
    # The nearest of all, number 0 in ascending order, is the point itself.
    blocks = (squared for _, squared in _squared_distances(points, points))
    nearest = torch.cat([squared.topk(max(neighbours) + 1, largest=False).values for squared in blocks])
    return [nearest[:, k] for k in neighbours]


def _squared_distances(a: Tensor, b: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Blocks of rows of |a_i - b_j|^2, with which rows they are."""
    norms, step = b.square().sum(1), max(1, BLOCK // len(b))
    for start in range(0, len(a), step):
        part = a[start : start + step]
        squared = torch.addmm(norms[None], part, b.T, alpha=-2) + part.square().sum(1, keepdim=True)
        yield slice(start, start + len(part)), squared.clamp_(min=0)
