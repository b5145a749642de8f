"""Nearest-neighbour entropy (Kozachenko and Leonenko, 1987), as ICD uses it.

    H(q) ~ (1/n) sum_i log NN(x_i, B) + constant

NN is the Euclidean distance to the nearest member of B over all coordinates. The estimator's constants are
dropped, and so is the factor d (the dimension) before the sum: the weight in the loss stands for both.
"""

import torch
from torch import Tensor

# Keeps the logarithm finite when a sample coincides with a neighbour.
EPSILON = 1e-8


def nearest_neighbour_entropy(samples: Tensor, neighbours: Tensor) -> Tensor:
    """mean_i log min_j |x_i - b_j|, a scalar; samples (n, ...), neighbours (m, ...), nats up to a constant.

    The neighbour is chosen without gradient, then the gradient runs through its distance alone.
    """
    flat, others = samples.flatten(1), neighbours.flatten(1)
    with torch.no_grad():
        nearest = torch.cdist(flat, others).argmin(1)
    distance = (flat - others[nearest]).square().sum(1).clamp_min(EPSILON**2).sqrt()
    return distance.log().mean()
