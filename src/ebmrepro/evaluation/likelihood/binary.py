"""The log-likelihood of binary data, by the best road that a model offers."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ebmrepro.evaluation.likelihood.importance import log_likelihood_bound
from ebmrepro.mcmc.annealed_importance import annealed_importance_sampling, base_rate_bias
from ebmrepro.params.energies import MAX_UNITS
from ebmrepro.params.evaluations.binary import BinaryEvaluation

EXACT, ANNEALED, BOUND = "exact", "annealed importance sampling", "importance-weighted bound"


class Likelihood(NamedTuple):
    """Log-likelihoods (n,) and (m,) of train and test data in nats, float64.

    `log_partition` and its standard error `log_partition_error`: of an RBM alone, the error None where log Z
    is exact.
    """

    train: Tensor
    test: Tensor
    log_partition: float | None = None
    log_partition_error: float | None = None


def how(model: nn.Module) -> str:
    """How `likelihood` finds it: EXACT, ANNEALED, or BOUND, a lower bound."""
    if hasattr(model, "recognition"):
        return BOUND
    return EXACT if min(len(model.visible_bias), len(model.hidden_bias)) <= MAX_UNITS else ANNEALED


@torch.no_grad()
def likelihood(
    model: nn.Module,
    train: Tensor,
    test: Tensor,
    config: BinaryEvaluation,
    generator: torch.Generator,
) -> Likelihood:
    """Log-likelihoods of binary `train` (n, d) and `test` (m, d), found as `how` says."""
    if how(model) == BOUND:
        parts = (log_likelihood_bound(model, x, config.importance_samples, generator) for x in (train, test))
        return Likelihood(*parts)
    if how(model) == EXACT:
        log_partition, error = float(model.double().log_partition()), None
        model.float()
    else:
        estimate = annealed_importance_sampling(
            model, base_rate_bias(model, train), config.ais_temperatures, config.ais_chains, generator
        )
        log_partition, error = estimate.log_partition, estimate.standard_error
    parts = (-model(x).double() - log_partition for x in (train, test))
    return Likelihood(*parts, log_partition, error)
