"""The log-likelihood of binary data, by the best road that a model offers."""

import torch
from torch import Tensor, nn

from ebmrepro.evaluation.likelihood.importance import log_likelihood_bound
from ebmrepro.mcmc.annealed_importance import annealed_importance_sampling, base_rate_bias
from ebmrepro.params.energies import MAX_UNITS
from ebmrepro.params.evaluations.binary import BinaryEvaluation

EXACT, ANNEALED, BOUND = "exact", "annealed importance sampling", "importance-weighted bound"


def how(model: nn.Module) -> str:
    """How `likelihood` finds it: EXACT, ANNEALED, or BOUND, a lower bound."""
    if hasattr(model, "recognition"):
        return BOUND
    return EXACT if min(len(model.visible_bias), len(model.hidden_bias)) <= MAX_UNITS else ANNEALED


@torch.no_grad()
def likelihood(
    model: nn.Module, train: Tensor, test: Tensor, config: BinaryEvaluation, generator: torch.Generator
) -> tuple[Tensor, Tensor, dict[str, float]]:
    """Log-likelihoods (n,) and (m,) in nats, float64, of binary `train` (n, d) and `test` (m, d).

    Found as `how` says. Third are `log_partition`, of an RBM alone, and where it is estimated its standard
    error `log_partition_error`.
    """
    if how(model) == BOUND:
        parts = (log_likelihood_bound(model, x, config.importance_samples, generator) for x in (train, test))
        return *parts, {}
    if how(model) == EXACT:
        partition = {"log_partition": float(model.double().log_partition())}
        model.float()
    else:
        bias = base_rate_bias(model, train)
        estimate = annealed_importance_sampling(
            model, bias, config.ais_temperatures, config.ais_chains, generator
        )
        partition = {"log_partition": estimate.log_partition, "log_partition_error": estimate.standard_error}
    return *(-model(x).double() - partition["log_partition"] for x in (train, test)), partition
