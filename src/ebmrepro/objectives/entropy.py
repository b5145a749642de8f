"""Nearest-neighbour entropy (Kozachenko and Leonenko, 1987), as ICD uses it.

    H(q) ~ (1/n) sum_i log NN_k(x_i, B) + constant

NN_k is the Euclidean distance to the k-th nearest member of B over all coordinates; the authors use k = 1.
The estimator's constants are dropped, and so is the factor d (the dimension) before the sum: the weight in
the loss stands for both.
"""

import torch
from torch import Tensor

# Keeps the logarithm finite when a sample coincides with every neighbour.
EPSILON = 1e-8


def nearest_neighbour_entropy(samples: Tensor, neighbours: Tensor, nearest: int = 1) -> Tensor:
    """mean_i log NN_k(x_i, B), k = `nearest`, a scalar; samples (n, ...), neighbours (m, ...), m >= k.

    Nats up to a constant. A neighbour that equals the sample is the sample itself, kept earlier, and does not
    count, unless there is no other. The neighbour is chosen without gradient, then the gradient runs through
    its distance alone.
    """
    flat, others = samples.flatten(1), neighbours.flatten(1)
    with torch.no_grad():
        # Not by matrix products: their rounding hides which neighbours coincide.
        distances = torch.cdist(flat, others, compute_mode="donot_use_mm_for_euclid_dist")
        distances = distances.masked_fill(distances <= EPSILON, torch.inf)
        chosen = distances.topk(nearest, 1, largest=False).indices[:, -1]
    distance = (flat - others[chosen]).square().sum(1).clamp_min(EPSILON**2).sqrt()
    return distance.log().mean()
