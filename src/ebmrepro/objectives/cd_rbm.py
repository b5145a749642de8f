"""Contrastive divergence of a restricted Boltzmann machine, its gradient in closed form.

    dF/dW = -v h^T,   dF/dc = -h,   dF/db = -v  (bernoulli),  b - v  (gaussian),     h = sigmoid(c + W^T v)

    dL_CD/dW = E[ v- h-^T ] - E[ v+ h+^T ],   dL_CD/dc = E[ h- ] - E[ h+ ],   dL_CD/db = E[ v- ] - E[ v+ ]

Hinton, "Training products of experts by minimizing contrastive divergence" (2002). The same gradients as
autograd's of `contrastive_divergence`, for a third of its calls: those are what a small machine's step costs.
"""

import torch
from torch import Tensor

from ebmrepro.energies.rbm import RBM


@torch.no_grad()
def rbm_gradients(rbm: RBM, v_pos: Tensor, v_neg: Tensor) -> tuple[Tensor, dict[str, Tensor], list[Tensor]]:
    """L_CD of data `v_pos` (B, d) and chain ends `v_neg` (B, d), the scalars to log, and the gradients.

    The gradients are in the order of `rbm.parameters()`.
    """
    v = torch.cat([v_pos, v_neg])
    drive = rbm.hidden_drive(v)
    energies = rbm(v, drive).view(2, -1)
    mean_pos, mean_neg = energies.mean(1).unbind()
    difference = mean_pos - mean_neg
    logged = {
        "energy_positive": mean_pos,
        "energy_negative": mean_neg,
        "energy_size": energies.abs().mean(),
        "loss_cd": difference,
    }
    h = drive.sigmoid_()
    # -1/B for the data, 1/B for the chain ends: the means and their difference in one product each.
    side = v.new_full((len(v),), 1 / len(v_pos))
    side[: len(v_pos)].neg_()
    by_name = {
        "visible_bias": torch.mv(v.T, side),
        "hidden_bias": torch.mv(h.T, side),
        "weight": v.T @ h.mul_(side[:, None]),
    }
    return difference, logged, [by_name[name] for name, _ in rbm.named_parameters()]
