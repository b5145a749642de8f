"""Contrastive divergence (Hinton, 2002), with the reference's penalty on the size of the energy.

    L_CD = E_{p_D}[ E_theta(x+) ] - E_{sg(q_theta)}[ E_theta(x-) ]
         + alpha ( E[ E_theta(x+)^2 ] + E[ E_theta(x-)^2 ] )

x- are detached ends of a Markov chain: sg stops the gradient through the samples.
"""

from torch import Tensor, cat, nn

from ebmrepro.energies.conditional import heads
from ebmrepro.objectives.terms import Terms
from ebmrepro.params.objectives.cd import ContrastiveDivergence as Config


def contrastive_divergence(
    energy: nn.Module, x_pos: Tensor, x_neg: Tensor, energy_l2: float = 0.0
) -> tuple[Tensor, dict[str, Tensor]]:
    """L_CD of data `x_pos` (B, ...) and chain ends `x_neg` (B', ...), and the scalars to log.

    A multi-scale energy, the sum of S networks, is averaged over them here, as the authors do, while its
    chains follow the sum. The logged loss is L_CD without the penalty alpha = `energy_l2`.
    """
    e_pos, e_neg = heads(energy, cat([x_pos, x_neg.detach()])).split([len(x_pos), len(x_neg)])
    mean_pos, mean_neg = e_pos.mean(), e_neg.mean()
    loss = mean_pos - mean_neg
    if energy_l2:
        loss = loss + energy_l2 * (e_pos.square().mean() + e_neg.square().mean())
    size = 0.5 * (e_pos.detach().abs().mean() + e_neg.detach().abs().mean())
    return loss, _logged(mean_pos.detach(), mean_neg.detach(), size)


def _logged(positive: Tensor, negative: Tensor, size: Tensor) -> dict[str, Tensor]:
    energies = {"energy_positive": positive, "energy_negative": negative, "energy_size": size}
    return {**energies, "loss_cd": positive - negative}


class ContrastiveDivergence:
    """`contrastive_divergence` as an objective; where the chains start is the sampler's setting."""

    def __init__(self, config: Config):
        self.config = config

    def __call__(self, energy: nn.Module, data: Tensor, sampler) -> Terms:
        """Terms for one batch (B, ...)."""
        negatives = sampler.run(energy, data)
        sampler.keep(negatives.x)
        if self.config.energy_l2 or not hasattr(energy, "contrastive_gradients"):
            loss, logged = contrastive_divergence(energy, data, negatives.x, self.config.energy_l2)
            return Terms({"cd": loss}, logged)
        energies, gradients = energy.contrastive_gradients(data, negatives.x)
        logged = _logged(*energies.mean(1), energies.abs().mean())
        return Terms({"cd": logged["loss_cd"]}, logged, {"cd": gradients})
