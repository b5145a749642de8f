"""Sliced score matching (Song, Garg, Shi and Ermon, 2019), the variance-reduced form.

    L = E_x[ |grad E_theta(x)|^2 / 2 ] - E_{x, v}[ v^T grad^2 E_theta(x) v ]

With the model's score s = -grad E this is E[ v^T grad s v + |s|^2 / 2 ]. The directions v are Rademacher,
independent signs: of all v with E[v v^T] = I they have the least variance here, none if the Hessian is
diagonal. Over v it is Hyvarinen's (2005) score matching, E[ |grad E|^2 / 2 - tr grad^2 E ].
"""

import torch
from torch import Tensor, nn

from ebmrepro.energies.gradient import energy_gradient
from ebmrepro.objectives.terms import Terms
from ebmrepro.params.objectives.ssm import SlicedScoreMatching as Config


def sliced_score_matching(energy: nn.Module, data: Tensor, directions: Tensor) -> tuple[Tensor, Tensor]:
    """L of `data` (B, ...) along `directions` (P, B, ...), a scalar, and the energies (B,) of the data."""
    x = data.detach().requires_grad_(True)
    energies, gradient = energy_gradient(energy, x, create_graph=True)
    curvature = torch.zeros((), device=x.device, dtype=x.dtype)
    for v in directions:
        (product,) = torch.autograd.grad((gradient * v).sum(), x, create_graph=True, materialize_grads=True)
        curvature = curvature + (product * v).flatten(1).sum(1).mean()
    size = gradient.flatten(1).square().sum(1).mean()
    return 0.5 * size - curvature / len(directions), energies


class SlicedScoreMatching:
    """`sliced_score_matching` as an objective. Needs no chain, only random numbers."""

    def __init__(self, config: Config):
        self.config = config

    def __call__(self, energy: nn.Module, data: Tensor, sampler) -> Terms:
        """Terms for one batch (B, ...)."""
        shape = (self.config.projections, *data.shape)
        coins = torch.randint(2, shape, generator=sampler.generator, device=data.device)
        loss, energies = sliced_score_matching(energy, data, (2 * coins - 1).to(data.dtype))
        logged = {"energy_positive": energies.mean().detach(), "loss_score": loss.detach()}
        return Terms(losses={"score": loss}, logged=logged)
