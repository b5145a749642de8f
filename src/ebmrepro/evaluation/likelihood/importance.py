"""The log-likelihood of a Helmholtz machine, bounded from below by importance sampling.

    log p(x) >= E_{h_1..h_K ~ r(. | x)} [ log (1/K) sum_k p(x, h_k) / r(h_k | x) ]

(Burda, Grosse and Salakhutdinov, 2016; arXiv 1509.00519). The mean of weights is unbiased for p(x), so its
logarithm lies below log p(x) on average; the bound rises with K towards it, and is tight for every K where
the recognition net is the posterior.
"""

import math

import torch
from torch import Tensor, nn

# States of the widest layer held at once: 32 MB of them in float32.
CHUNK = 2**23


@torch.no_grad()
def log_likelihood_bound(machine: nn.Module, x: Tensor, samples: int, generator: torch.Generator) -> Tensor:
    """log (1/K) sum_k p(x, h_k) / r(h_k | x) in nats, float64 (n,), K = `samples`, of binary `x` (n, d).

    Below log p(x) on average over draws, not in every draw.
    """
    width = max(machine.units)
    points = max(1, CHUNK // (width * samples))
    draws = max(1, CHUNK // (width * points))
    bounds = []
    for part in x.split(points):
        log_sum = torch.full((len(part),), -math.inf, dtype=torch.float64, device=x.device)
        for first in range(0, samples, draws):
            count = min(draws, samples - first)
            repeated = part.expand(count, *part.shape)
            hidden = machine.sample_recognition(repeated, generator)
            log_weights = machine.log_joint(repeated, hidden) - machine.log_recognition(hidden, repeated)
            log_sum = torch.logaddexp(log_sum, log_weights.double().logsumexp(0))
        bounds.append(log_sum - math.log(samples))
    return torch.cat(bounds)
