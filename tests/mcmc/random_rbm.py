"""RBMs with random parameters, for tests of what they sample and of their log Z."""

import numpy as np
import torch

from ebmrepro.energies.rbm import RBM


def random_rbm(
    visible_units: int, hidden_units: int, visible: str = "bernoulli", scale: float = 1.0, seed: int = 0
) -> RBM:
    """A float64 RBM without gradients; its parameters are `scale` times standard normal numbers."""
    rng = np.random.default_rng([seed, visible_units, hidden_units])
    rbm = RBM(visible_units, hidden_units, visible).double().requires_grad_(False)
    for parameter in rbm.parameters():
        parameter.copy_(torch.from_numpy(scale * rng.standard_normal(parameter.shape)))
    return rbm
