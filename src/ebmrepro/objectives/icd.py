"""Improved contrastive divergence (Du, Li, Tenenbaum, Mordatch, ICML 2021; arXiv 2012.01316).

    L_Full = L_CD + L_KL

    L_KL   = E_{q_theta}[ E_{sg(theta)}(x~) ] + E_{q_theta}[ log q_theta(x~) ]
           =           L_opt                  +           L_ent

x~ is the end of the chain with the graph of its last `kl_steps` Langevin steps (the authors: one), sg(theta)
freezes the energy's parameters: the gradient reaches theta only through the sampler. L_opt pulls samples to
low energy; L_ent is minus the nearest-neighbour entropy of the samples. As run by the authors L_opt has
weight 1 (`kl_weight`) and L_ent has weight 0.3 (`entropy_weight`), not scaled by the other.

    H(q) ~ (1/n) sum_i log NN_k(x_i, B) + constant      (Kozachenko and Leonenko, 1987)

NN_k is the Euclidean distance to the k-th nearest member of B over all coordinates; the authors use k = 1.
The estimator's constants are dropped, and so is the factor d (the dimension) before the sum: the weight in
the loss stands for both.

Which weight makes L_opt + weight L_ent a KL divergence follows from the chain. The step x <- x + sigma eps -
lambda grad E(x) is the Langevin diffusion of the law p_T = exp(-E / T) / Z_T, T = sigma^2 / (2 lambda), and

    T KL(q || p_T) = E_q[ E ] - T H(q) + T log Z_T,      H(q) = d mean_i log NN + constant.

So the weight is d T (`entropy_weight: consistent`; d coordinates of a sample). An energy that is the sum of S
scales is averaged over them in the loss, while its chains follow the sum: L_opt is E_q[E] / S and the weight
d T / S. Of an ensemble one member is trained at a time, by chains of its own. With `kl_weight` k all of it is
k times as large. The authors' 0.3 is d T for no chain of theirs: 3072 coordinates, lambda 100 and sigma 0.001
have d T / S = 5e-6 with three scales.
"""

import copy

import torch
from torch import Tensor, nn
from torch.func import functional_call

from ebmrepro.energies.conditional import heads, rows
from ebmrepro.objectives.cd import contrastive_divergence
from ebmrepro.objectives.terms import Terms, loss_gradients
from ebmrepro.params.objectives.icd import ImprovedContrastiveDivergence as Config

# Keeps the logarithm finite when a sample coincides with every neighbour.
EPSILON = 1e-8


class _MeanEnergy(nn.Module):
    """The mean energy of a batch over images and scales, as a module whose parameters can be replaced."""

    def __init__(self, energy: nn.Module):
        super().__init__()
        self.energy = energy

    def forward(self, x: Tensor) -> Tensor:
        return heads(self.energy, x).mean()


def optimisation_loss(energy: nn.Module, x_graph: Tensor) -> Tensor:
    """L_opt = mean E_{sg(theta)}(x~), a scalar; `x_graph` (n, ...) carries the graph of the chain's end."""
    mean_energy = _MeanEnergy(energy)
    frozen = {name: value.detach() for name, value in mean_energy.named_parameters()}
    return functional_call(mean_energy, frozen, (x_graph,))


def nearest_neighbour_entropy(samples: Tensor, neighbours: Tensor, nearest: int = 1) -> Tensor:
    """mean_i log NN_k(x_i, B), k = `nearest`, a scalar; samples (n, ...), neighbours (m, ...), m >= k.

    Nats up to a constant. A neighbour that equals the sample is the sample itself, kept earlier, and does not
    count, unless there is no other. The neighbour is chosen without gradient, then the gradient runs through
    its distance alone.
    """
    flat, others = samples.flatten(1), neighbours.flatten(1)
    with torch.no_grad():
        # Not by matrix products: their rounding hides which neighbours coincide.
        distances = torch.cdist(flat, others, compute_mode="donot_use_mm_for_euclid_dist")
        distances = distances.masked_fill(distances <= EPSILON, torch.inf)
        chosen = distances.topk(nearest, 1, largest=False).indices[:, -1]
    distance = (flat - others[chosen]).square().sum(1).clamp_min(EPSILON**2).sqrt()
    return distance.log().mean()


class ImprovedContrastiveDivergence:
    """L_Full as an objective: the terms `cd` and `kl`. The chain ends go to the replay buffer."""

    def __init__(self, config: Config):
        self.config = config

    def __call__(self, energy: nn.Module, data: Tensor, sampler) -> Terms:
        """Terms for one batch (B, ...)."""
        config = self.config
        negatives = sampler.run(energy, data, min(config.kl_samples, len(data)), config.kl_steps)
        l_cd, logged = contrastive_divergence(energy, data, negatives.x, config.energy_l2)
        l_kl, logged_kl = self.kl_term(energy, negatives.x_graph, sampler)
        sampler.keep(negatives.x)
        return Terms(losses={"cd": l_cd, "kl": l_kl}, logged=logged | logged_kl)

    def kl_term(self, energy: nn.Module, x_graph: Tensor, sampler) -> tuple[Tensor, dict[str, Tensor]]:
        """Weighted L_KL of chain ends with graph (n, ...), and the scalars to log.

        A term of weight 0 is left out, and L_ent until the buffer holds more than `entropy_after` samples.
        """
        config, logged = self.config, {}
        l_kl = torch.zeros((), device=x_graph.device, dtype=x_graph.dtype)
        if config.kl_weight:
            l_opt = optimisation_loss(rows(energy, slice(0, len(x_graph))), x_graph)
            l_kl = l_kl + config.kl_weight * l_opt
            logged["loss_opt"] = l_opt.detach()
        if config.entropy_weight and len(sampler.buffer) > config.entropy_after:
            past = sampler.neighbours(config.neighbours)
            l_ent = -nearest_neighbour_entropy(x_graph, past, config.nearest)
            l_kl = l_kl + config.entropy_weight * l_ent
            logged["loss_entropy"] = l_ent.detach()
        return l_kl, logged

    def compare_truncation(self, energy: nn.Module, data: Tensor, sampler, seed: int) -> dict[str, Tensor]:
        """The gradient of L_KL through the last `kl_steps` steps beside that through all of them.

        Both of the same chains (one a row of `data`, from a generator of their own: `sampler` draws nothing).
        `kl_cosine`: that of the angle between them; `kl_norm_ratio`: |truncated| / |all|; NaN if one is zero.
        """
        parameters, gradients = list(energy.parameters()), []
        for steps in (self.config.kl_steps, "all"):
            twin = copy.copy(sampler)
            twin.generator = torch.Generator(data.device).manual_seed(seed)
            x_graph = twin.run(energy, data, len(data), steps).x_graph
            l_kl, _ = self.kl_term(energy, x_graph, twin)
            gradients.append(torch.cat([part.flatten() for part in loss_gradients(l_kl, parameters)]))
        truncated, full = gradients
        norms = truncated.norm(), full.norm()
        return {"kl_cosine": truncated @ full / (norms[0] * norms[1]), "kl_norm_ratio": norms[0] / norms[1]}
