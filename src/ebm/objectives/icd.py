"""Improved contrastive divergence (Du, Li, Tenenbaum, Mordatch, ICML 2021; arXiv 2012.01316).

    L_Full = L_CD + L_KL

    L_KL   = E_{q_theta}[ E_{sg(theta)}(x~) ] + E_{q_theta}[ log q_theta(x~) ]
           =           L_opt                  +           L_ent

x~ is the end of the chain with the graph of its last Langevin step, sg(theta) freezes the energy's
parameters: the gradient reaches theta only through the sampler. L_opt pulls samples to low energy; L_ent
is minus the nearest-neighbour entropy of the samples. As run by the authors L_opt has weight 1 (`kl_weight`)
and L_ent has weight 0.3 (`entropy_weight`), not scaled by the other.
"""

from torch import Tensor, nn
from torch.func import functional_call

from ebm.mcmc.negatives import NegativeSampler
from ebm.objectives.cd import contrastive_divergence
from ebm.objectives.entropy import nearest_neighbour_entropy
from ebm.objectives.terms import Terms
from ebm.params.objectives import ImprovedContrastiveDivergence as Config


def optimisation_loss(energy: nn.Module, x_graph: Tensor) -> Tensor:
    """L_opt = mean E_{sg(theta)}(x~), a scalar; `x_graph` (n, ...) carries the last step's graph."""
    frozen = {name: value.detach() for name, value in energy.named_parameters()}
    return functional_call(energy, frozen, (x_graph,)).mean()


def entropy_loss(x_graph: Tensor, neighbours: Tensor) -> Tensor:
    """L_ent = -H(q_theta), a scalar, estimated against past chain ends `neighbours` (m, ...)."""
    return -nearest_neighbour_entropy(x_graph, neighbours)


class ImprovedContrastiveDivergence:
    """L_Full as an objective: the terms `cd` and `kl`."""

    def __init__(self, config: Config):
        self.config = config

    def __call__(self, energy: nn.Module, data: Tensor, sampler: NegativeSampler) -> Terms:
        """Terms for one batch (B, ...); the chain ends go to the replay buffer.

        L_ent is absent until the buffer holds more than `entropy_after` samples.
        """
        config = self.config
        negatives = sampler.run(energy, data, with_graph=min(config.kl_samples, len(data)))
        l_cd, logged = contrastive_divergence(energy, data, negatives.x, config.energy_l2)

        l_opt = optimisation_loss(energy, negatives.x_graph)
        l_kl = config.kl_weight * l_opt
        logged["loss_opt"] = l_opt.detach()
        if len(sampler.buffer) > config.entropy_after and config.entropy_weight:
            l_ent = entropy_loss(negatives.x_graph, sampler.neighbours(config.neighbours))
            l_kl = l_kl + config.entropy_weight * l_ent
            logged["loss_entropy"] = l_ent.detach()
        sampler.keep(negatives.x)
        return Terms(losses={"cd": l_cd, "kl": l_kl}, logged=logged)
