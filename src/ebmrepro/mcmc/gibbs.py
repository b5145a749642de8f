"""Block Gibbs sampling of a restricted Boltzmann machine."""

import torch
from torch import Tensor, nn


@torch.no_grad()
def gibbs_step(rbm: nn.Module, v: Tensor, generator: torch.Generator) -> Tensor:
    """One sweep h ~ p(h | v), v' ~ p(v | h): visible states (B, d) after `v` (B, d), detached.

    Leaves p(v) = exp(-F(v)) / Z as it is (Geman and Geman, 1984).
    """
    return rbm.sample_visible(rbm.sample_hidden(v, generator), generator)


def transition(
    rbm: nn.Module,
    v: Tensor,
    config: object,
    generator: torch.Generator,
    step: int,
    total: int,
    create_graph: bool = False,
) -> Tensor:
    """One sweep of a chain (mcmc/chain.py); all are alike. ValueError if a graph is asked for."""
    if create_graph:
        raise ValueError("a Gibbs sweep draws its units: there is no graph through it")
    return gibbs_step(rbm, v, generator)
