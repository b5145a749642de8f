"""Annealed importance sampling of an RBM's log Z (Neal, 2001; Salakhutdinov and Murray, ICML 2008).

From a base-rate RBM, whose weights and hidden biases are 0 and whose log Z is known, to the RBM itself along
the geometric path between them, which is an RBM at every beta in [0, 1]:

    b(beta) = (1 - beta) b_base + beta b        c(beta) = beta c        W(beta) = beta W

    w = prod_k p*_k(v_{k-1}) / p*_{k-1}(v_{k-1}),    v_k from v_{k-1} by a block-Gibbs sweep at beta_k

E[w] = Z / Z_base whatever the sweeps reach, with p*_k(v) = exp(-F(v)) at beta_k.
"""

import itertools
import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from ebmrepro.energies.binary import coins, softplus


class PartitionEstimate(NamedTuple):
    """`log_partition` in nats: the log of an unbiased estimate of Z, so below log Z on average.

    `standard_error` of it in nats, sd(w) / (sqrt(n) mean(w)) by the delta method. `effective_samples`,
    (sum w)^2 / sum w^2: from 1, where one chain decides and the error cannot be trusted, to n. `log_weights`
    (n,) float64: one chain's estimate of log Z each.
    """

    log_partition: float
    standard_error: float
    effective_samples: float
    log_weights: Tensor


def base_rate_bias(rbm: nn.Module, data: Tensor) -> Tensor:
    """Visible biases (d,) of the RBM without weights that fits `data` (n, d) best; the best-known base.

    The mean of real visible units; the log-odds of binary ones, one imagined point on and one off added so
    that a pixel that never changes keeps finite odds.
    """
    data = data.to(rbm.weight)
    if rbm.visible == "gaussian":
        return data.mean(0)
    return torch.logit((data.sum(0) + 1) / (len(data) + 2))


@torch.no_grad()
def rbm_log_partition(
    rbm: nn.Module, base_bias: Tensor, temperatures: int, chains: int, generator: torch.Generator
) -> PartitionEstimate:
    """log Z of `rbm` by `chains` chains through `temperatures` evenly spaced betas, 0 and 1 among them.

    `base_bias` (d,): visible biases of the base-rate RBM. ValueError if there are fewer than two
    temperatures, or fewer than two chains, whose spread is the error bar.
    """
    if temperatures < 2 or chains < 2:
        raise ValueError(f"needs at least two temperatures and chains, got {temperatures} and {chains}")
    base_bias = base_bias.to(rbm.weight)
    change = rbm.visible_bias - base_bias
    # d/d beta of log p* at v without its hidden part is (v - centre)^T change: v^T b against v^T b_base of
    # binary units, -|v - b|^2 / 2 against -|v - b_base|^2 / 2 of real ones.
    centre = 0.5 * (rbm.visible_bias + base_bias) if rbm.visible == "gaussian" else 0.0
    v = rbm.noisy_visible(base_bias.expand(chains, -1), generator)
    # log Z of the base-rate RBM: each hidden unit, free of all others, doubles it.
    visible = softplus(base_bias.double())
    if rbm.visible == "gaussian":
        visible = torch.full_like(visible, 0.5 * math.log(2 * math.pi))
    base = len(rbm.hidden_bias) * math.log(2) + visible.sum()
    log_weights = base.expand(chains).clone()
    betas = torch.linspace(0, 1, temperatures, dtype=torch.float64).tolist()
    for before, beta in itertools.pairwise(betas):
        drive = rbm.hidden_drive(v)
        hidden = softplus(beta * drive) - softplus(before * drive)
        log_weights += torch.mv(v - centre, (beta - before) * change) + hidden.sum(1)
        if beta < 1:
            h = coins((beta * drive).sigmoid(), generator)
            v = rbm.noisy_visible(linear(h, beta * rbm.weight, base_bias + beta * change), generator)
    return summarise(log_weights)


def summarise(log_weights: Tensor) -> PartitionEstimate:
    """The estimate from the logarithms of independent, unbiased estimates of Z, (n,), n at least 2."""
    largest = log_weights.max()
    weights = (log_weights - largest).exp()
    mean = weights.mean()
    return PartitionEstimate(
        log_partition=float(largest + mean.log()),
        standard_error=float(weights.std() / (math.sqrt(len(weights)) * mean)),
        effective_samples=float(weights.sum().square() / weights.square().sum()),
        log_weights=log_weights,
    )
