"""Langevin dynamics as the ICD paper runs it: step size and noise are independent."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from ebm.params.sampling import Langevin

EnergyFunction = Callable[[Tensor], Tensor]


def langevin_step(
    energy: EnergyFunction,
    x: Tensor,
    config: Langevin,
    generator: torch.Generator,
    create_graph: bool = False,
) -> Tensor:
    """One step from `x` (B, ...): x <- x + noise * eps, then x <- clamp(x - step_size * grad E(x)).

    With `create_graph` the result stays attached to the energy's parameters through grad E, as the KL term
    of ICD needs; pixels that the clamp stops then carry no gradient. Otherwise it is detached.
    Noise of sqrt(2 * step_size) is the discretised diffusion whose stationary law is exp(-E) / Z.
    """
    x = x.detach()
    if config.noise:
        eps = torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)
        x = x + config.noise * eps
    x.requires_grad_(True)
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad(energy(x).sum(), x, create_graph=create_graph)
        x = x.detach() - config.step_size * gradient
        if config.clamp is not None:
            x = x.clamp(*config.clamp)
    return x if create_graph else x.detach()


def chain(
    energy: EnergyFunction,
    x: Tensor,
    config: Langevin,
    generator: torch.Generator,
    steps: int | None = None,
) -> Iterator[Tensor]:
    """The states after each of `steps` steps (default `config.steps`), detached, each shaped like `x`."""
    for _ in range(config.steps if steps is None else steps):
        x = langevin_step(energy, x, config, generator)
        yield x


def run_chain(
    energy: EnergyFunction,
    x: Tensor,
    config: Langevin,
    generator: torch.Generator,
    steps: int | None = None,
) -> Tensor:
    """The last state of `chain`; `x` itself, detached, if `steps` is 0."""
    x = x.detach()
    for state in chain(energy, x, config, generator, steps):
        x = state
    return x
