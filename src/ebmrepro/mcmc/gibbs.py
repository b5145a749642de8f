"""Block Gibbs sampling of a restricted Boltzmann machine."""

import torch
from torch import Tensor

from ebmrepro.energies.rbm import RBM


@torch.no_grad()
def gibbs_step(rbm: RBM, v: Tensor, generator: torch.Generator) -> Tensor:
    """One sweep h ~ p(h | v), v' ~ p(v | h): visible states (B, d) after `v` (B, d), detached.

    Leaves p(v) = exp(-F(v)) / Z as it is (Geman and Geman, 1984).
    """
    return rbm.sample_visible(rbm.sample_hidden(v, generator), generator)
