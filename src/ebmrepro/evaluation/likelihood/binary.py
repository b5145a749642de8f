"""The log-likelihood of binary data, by the best road that a model offers, and the pseudo-likelihood."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from ebmrepro.energies.binary import softplus
from ebmrepro.mcmc.annealed_importance_rbm import base_rate_bias, rbm_log_partition
from ebmrepro.params.energies import MAX_UNITS
from ebmrepro.params.evaluations.binary import BinaryEvaluation

EXACT, ANNEALED, BOUND = "exact", "annealed importance sampling", "importance-weighted bound"
# States of the widest layer, or flipped states times hidden units, held at once: 32 MB of them in float32.
CHUNK = 2**23


def how(model: nn.Module) -> str:
    """How `likelihood` finds it: EXACT, ANNEALED, or BOUND, a lower bound."""
    if hasattr(model, "recognition"):
        return BOUND
    return EXACT if min(len(model.visible_bias), len(model.hidden_bias)) <= MAX_UNITS else ANNEALED


@torch.no_grad()
def likelihood(
    model: nn.Module, train: Tensor, test: Tensor, config: BinaryEvaluation, generator: torch.Generator
) -> tuple[Tensor, Tensor, dict[str, float]]:
    """Log-likelihoods (n,) and (m,) in nats, float64, of binary `train` (n, d) and `test` (m, d), found as
    `how` says. Third are `log_partition` of an RBM, and if it is estimated its error `log_partition_error`.
    """
    if how(model) == BOUND:
        parts = (log_likelihood_bound(model, x, config.importance_samples, generator) for x in (train, test))
        return *parts, {}
    if how(model) == EXACT:
        partition = {"log_partition": float(model.double().log_partition())}
        model.float()
    else:
        bias = base_rate_bias(model, train)
        estimate = rbm_log_partition(model, bias, config.ais_temperatures, config.ais_chains, generator)
        partition = {"log_partition": estimate.log_partition, "log_partition_error": estimate.standard_error}
    return *(-model(x).double() - partition["log_partition"] for x in (train, test)), partition


@torch.no_grad()
def log_likelihood_bound(machine: nn.Module, x: Tensor, samples: int, generator: torch.Generator) -> Tensor:
    """A lower bound, float64 (n,) in nats, of log p(x) of binary `x` (n, d) under a Helmholtz machine.

        log p(x) >= E_{h_1..h_K ~ r(. | x)} [ log (1/K) sum_k p(x, h_k) / r(h_k | x) ],     K = `samples`

    (Burda, Grosse and Salakhutdinov, 2016; arXiv 1509.00519): below on average, not in every draw. It rises
    with K towards log p(x), and is tight for every K where the recognition net is the posterior.
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


@torch.no_grad()
def log_pseudo_likelihood(rbm: nn.Module, v: Tensor) -> Tensor:
    """log PL(v) (Besag, 1975), (n,) in nats, of binary `v` (n, d): every pixel given all others, exactly.

        log PL(v) = sum_i log p(v_i | v_-i) = sum_i log sigmoid( F(v with v_i flipped) - F(v) )

    scikit-learn's `BernoulliRBM.score_samples` is d times the term of one random pixel a row, whose mean over
    the choice of the pixel this is. ValueError of an RBM with real visible units, or of a `v` not binary.
    """
    if rbm.visible != "bernoulli":
        raise ValueError(
            f"the pseudo-likelihood here is that of binary visible units, not of {rbm.visible} ones"
        )
    rbm.check_data(v)
    found = []
    for part in v.split(max(1, CHUNK // rbm.weight.numel())):
        drive = rbm.hidden_drive(part)
        # Flipping v_i adds 1 - 2 v_i to it: the drives of all d flipped states, (n, d, m), from those of v.
        change = 1 - 2 * part
        flipped = torch.addcmul(drive[:, None], change[:, :, None], rbm.weight)
        gained = softplus(flipped).sum(2) - softplus(drive).sum(1, True)
        found.append(logsigmoid(-change * rbm.visible_bias - gained).sum(1))
    return torch.cat(found)
