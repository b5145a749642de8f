"""What an objective hands to the training loop, called with an energy, a batch (B, ...) and a `sampler`.

The sampler is a mcmc.negatives.NegativeSampler. No objective imports it, so that a change of a chain's step
makes stale only what runs it.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Terms(NamedTuple):
    """Losses on separate graphs, differentiated one by one so that each gradient's norm is known for free.

    `losses`: scalar per term (nll, cd, kl); their sum is minimised. `logged`: detached scalars by column
    of the training log; `energy_positive` always, `energy_negative` if there are negatives. `gradients`:
    where they are known in closed form those of every loss, in the order of the energy's parameters; the
    losses have no graph then.
    """

    losses: dict[str, Tensor]
    logged: dict[str, Tensor]
    gradients: dict[str, list[Tensor]] | None = None


def loss_gradients(loss: Tensor, parameters: list[nn.Parameter]) -> list[Tensor]:
    """d loss / d parameters; zeros where there is none."""
    # A term that is not there yet, as the entropy while the buffer fills, has no graph.
    if not loss.requires_grad:
        return [torch.zeros_like(parameter, requires_grad=False) for parameter in parameters]
    return list(torch.autograd.grad(loss, parameters, allow_unused=True, materialize_grads=True))
