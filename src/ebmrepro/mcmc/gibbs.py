"""Block Gibbs sampling of a restricted Boltzmann machine."""

import torch
from torch import Tensor, nn


@torch.no_grad()
def transition(
    rbm: nn.Module,
    v: Tensor,
    config: object,
    generator: torch.Generator,
    step: int = 0,
    total: int = 1,
    create_graph: bool = False,
) -> Tensor:
    """One sweep h ~ p(h | v), v' ~ p(v | h): visible states (B, d) after `v` (B, d), detached.

    Leaves p(v) = exp(-F(v)) / Z as it is (Geman and Geman, 1984). ValueError if a graph is asked for.
    """
    if create_graph:
        raise ValueError("a Gibbs sweep draws its units: there is no graph through it")
    h = rbm.sample_hidden(v, generator)
    return rbm.noisy_visible(rbm.visible_drive(h), generator)
