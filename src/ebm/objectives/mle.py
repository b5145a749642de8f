"""Exact maximum likelihood.

NLL(theta) = E_{p_D}[ E_theta(x) ] + log Z(theta)
"""

from torch import Tensor, nn

from ebm.mcmc.negatives import NegativeSampler
from ebm.objectives.terms import Terms
from ebm.params.objectives import MaximumLikelihood as Config


def negative_log_likelihood(energy: nn.Module, data: Tensor) -> Tensor:
    """Mean negative log-likelihood in nats of `data` (B, ...), a scalar.

    `energy` must have `log_partition()`; AttributeError otherwise.
    """
    return energy(data).mean() + energy.log_partition()


class MaximumLikelihood:
    """`negative_log_likelihood` as an objective. Needs no chain."""

    def __init__(self, config: Config):
        self.config = config

    def __call__(self, energy: nn.Module, data: Tensor, sampler: NegativeSampler | None) -> Terms:
        """Terms for one batch (B, ...)."""
        loss = negative_log_likelihood(energy, data)
        mean_energy = loss.detach() - energy.log_partition().detach()
        return Terms({"nll": loss}, {"energy_positive": mean_energy, "loss_nll": loss.detach()})
