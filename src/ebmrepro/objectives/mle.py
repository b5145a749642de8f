"""Exact maximum likelihood: NLL(theta) = E_{p_D}[ E_theta(x) ] + log Z(theta)."""

from torch import Tensor, nn

from ebmrepro.energies.grid_partition import grid_log_partition
from ebmrepro.objectives.terms import Terms
from ebmrepro.params.objectives.mle import GridPartition
from ebmrepro.params.objectives.mle import MaximumLikelihood as Config


def negative_log_likelihood(
    energy: nn.Module, data: Tensor, grid: GridPartition | None = None
) -> tuple[Tensor, Tensor]:
    """Mean negative log-likelihood in nats of `data` (B, ...), a scalar, and their mean energy.

    log Z by the midpoint rule on `grid`, else from `energy.log_partition()`; AttributeError if it has none.
    """
    mean_energy = energy(data).mean()
    if grid is None:
        return mean_energy + energy.log_partition(), mean_energy
    return mean_energy + grid_log_partition(energy, grid.box, grid.cells, data), mean_energy


class MaximumLikelihood:
    """`negative_log_likelihood` as an objective. Needs no chain."""

    def __init__(self, config: Config):
        self.config = config

    def __call__(self, energy: nn.Module, data: Tensor, sampler) -> Terms:
        """Terms for one batch (B, ...)."""
        loss, mean_energy = negative_log_likelihood(energy, data, self.config.grid)
        return Terms({"nll": loss}, {"energy_positive": mean_energy.detach(), "loss_nll": loss.detach()})
