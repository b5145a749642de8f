"""Exact maximum likelihood.

NLL(theta) = E_{p_D}[ E_theta(x) ] + log Z(theta)
"""

from torch import Tensor, nn

from ebmrepro.energies.grid_partition import grid_log_partition
from ebmrepro.mcmc.negatives import NegativeSampler
from ebmrepro.objectives.terms import Terms
from ebmrepro.params.objectives.mle import GridPartition
from ebmrepro.params.objectives.mle import MaximumLikelihood as Config


def negative_log_likelihood(energy: nn.Module, data: Tensor, grid: GridPartition | None = None) -> Tensor:
    """Mean negative log-likelihood in nats of `data` (B, ...), a scalar.

    log Z by the midpoint rule on `grid` for an energy of two dimensions, else from `energy.log_partition()`;
    AttributeError if it has none.
    """
    return sum(_parts(energy, data, grid))


def _parts(energy: nn.Module, data: Tensor, grid: GridPartition | None) -> tuple[Tensor, Tensor]:
    """The mean energy of `data` and log Z."""
    if grid is None:
        return energy(data).mean(), energy.log_partition()
    return energy(data).mean(), grid_log_partition(energy, grid.box, grid.cells, data)


class MaximumLikelihood:
    """`negative_log_likelihood` as an objective. Needs no chain."""

    def __init__(self, config: Config):
        self.config = config

    def __call__(self, energy: nn.Module, data: Tensor, sampler: NegativeSampler | None) -> Terms:
        """Terms for one batch (B, ...)."""
        mean_energy, log_partition = _parts(energy, data, self.config.grid)
        loss = mean_energy + log_partition
        return Terms({"nll": loss}, {"energy_positive": mean_energy.detach(), "loss_nll": loss.detach()})
