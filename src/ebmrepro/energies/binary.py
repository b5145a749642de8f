"""What energies of binary units share: coins, all states, and a softplus that is exact."""

import torch
from torch import Tensor
from torch.nn import functional


def softplus(a: Tensor) -> Tensor:
    """log(1 + e^a), shaped like `a`: log of the sum over a unit's states of e^(a h), h in {0, 1}."""
    # Where it becomes a: at torch's own 20 the difference, e^-20, shows in double precision.
    return functional.softplus(a, threshold=50.0)


def coins(probabilities: Tensor, generator: torch.Generator) -> Tensor:
    """Independent 1.0 with the given `probabilities`, else 0.0; same shape and dtype.

    A uniform number below p, which takes torch's CPU generator a quarter of the time of torch.bernoulli.
    """
    uniform = torch.rand(
        probabilities.shape, generator=generator, device=probabilities.device, dtype=probabilities.dtype
    )
    return uniform.lt_(probabilities)


def all_states(units: int, like: Tensor, first: int = 0, count: int | None = None) -> Tensor:
    """All states of binary units, (2^units, units), in the dtype and on the device of `like`.

    State k holds the binary digits of k, the lowest first; `count` states from `first` on if it is given.
    """
    last = 2**units if count is None else min(first + count, 2**units)
    number = torch.arange(first, last, device=like.device)
    return (number[:, None] >> torch.arange(units, device=like.device) & 1).to(like.dtype)


def refuse_real_valued(x: Tensor, advice: str) -> None:
    """ValueError, ending in `advice`, if `x` holds anything but 0 and 1."""
    if not ((x == 0) | (x == 1)).all():
        raise ValueError(f"real-valued data (from {x.min().item():.3g} to {x.max().item():.3g}) for {advice}")
