"""The pseudo-likelihood of a Bernoulli RBM (Besag, 1975), which needs no normalising constant.

log PL(v) = sum_i log p(v_i | v_-i) = sum_i log sigmoid( F(v with v_i flipped) - F(v) )
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from ebmrepro.energies.binary import softplus

# Flipped states at once, times hidden units: 32 MB in single precision.
CHUNK = 2**23


@torch.no_grad()
def log_pseudo_likelihood(rbm: nn.Module, v: Tensor) -> Tensor:
    """log PL(v), (n,) in nats, of binary states `v` (n, d): every pixel given all others, exactly.

    scikit-learn's `BernoulliRBM.score_samples` is d times the term of one random pixel a row, whose mean over
    the choice of the pixel this is. ValueError of an RBM with real visible units, or of a `v` not binary.
    """
    if rbm.visible != "bernoulli":
        raise ValueError(
            f"the pseudo-likelihood here is that of binary visible units, not of {rbm.visible} ones"
        )
    rbm.check_data(v)
    found = []
    for part in v.split(max(1, CHUNK // rbm.weight.numel())):
        drive = rbm.hidden_drive(part)
        # Flipping v_i adds 1 - 2 v_i to it: the drives of all d flipped states, (n, d, m), from those of v.
        change = 1 - 2 * part
        flipped = torch.addcmul(drive[:, None], change[:, :, None], rbm.weight)
        gained = softplus(flipped).sum(2) - softplus(drive).sum(1, True)
        found.append(logsigmoid(-change * rbm.visible_bias - gained).sum(1))
    return torch.cat(found)
