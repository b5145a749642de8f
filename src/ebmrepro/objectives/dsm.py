"""Denoising score matching (Vincent, 2011).

    L = E_{x, xi} | sigma grad E_theta(x + sigma xi) - xi |^2 / 2,      xi ~ N(0, I)

This is sigma^2 times Vincent's J_DSM = E | s_theta(x~) - grad log q(x~ | x) |^2 / 2 with the model's score
s_theta = -grad E_theta: weighted so, a flat energy has L = d/2 at every sigma. The minimum is the energy of
the noisy data, p_D * N(0, sigma^2 I), not of the data.
"""

import torch
from torch import Tensor, nn

from ebmrepro.energies.gradient import energy_gradient
from ebmrepro.objectives.terms import Terms
from ebmrepro.params.objectives.dsm import DenoisingScoreMatching as Config


def denoising_score_matching(
    energy: nn.Module, data: Tensor, noise: Tensor, sigma: float
) -> tuple[Tensor, Tensor]:
    """L of `data` under standard normal `noise`, both (B, ...), a scalar; energies (B,) of the noisy data."""
    noisy = (data + sigma * noise).detach().requires_grad_(True)
    energies, gradient = energy_gradient(energy, noisy, create_graph=True)
    return 0.5 * (sigma * gradient - noise).flatten(1).square().sum(1).mean(), energies


class DenoisingScoreMatching:
    """`denoising_score_matching` as an objective; the mean energy logged is that of the noisy data."""

    def __init__(self, config: Config):
        self.config = config

    def __call__(self, energy: nn.Module, data: Tensor, sampler) -> Terms:
        """Terms for one batch (B, ...)."""
        noise = torch.randn(data.shape, generator=sampler.generator, device=data.device, dtype=data.dtype)
        loss, energies = denoising_score_matching(energy, data, noise, self.config.sigma)
        logged = {"energy_positive": energies.mean().detach(), "loss_score": loss.detach()}
        return Terms(losses={"score": loss}, logged=logged)
