"""Markov chains: a start at noise, and one transition after the other."""

from collections.abc import Callable, Iterator

import torch
from torch import Generator, Tensor
from torch.nn.utils import parametrize

from ebmrepro.energies.gradient import EnergyFunction
from ebmrepro.params.base import Section


def uniform_noise(
    shape: tuple[int, ...], box: list[float], device: torch.device, generator: Generator
) -> Tensor:
    """U(low, high) samples of `shape`, float32, `box` being [low, high]."""
    low, high = box
    return low + (high - low) * torch.rand(shape, generator=generator, device=device)


def chain(
    energy: EnergyFunction,
    x: Tensor,
    config: Section,
    generator: Generator,
    steps: int | None = None,
    first: int = 0,
    total: int | None = None,
    transition: Callable[..., Tensor] | None = None,
    create_graph: bool = False,
) -> Iterator[Tensor]:
    """The states after each of `steps` steps (default `config.steps`), each shaped like `x` (B, ...).

    They are steps `first`, `first` + 1, ... of `total` (default: what is asked for), which anneals the noise.
    Each is transition(energy, x, config, generator, step, total, create_graph), by default that of `config`:
    detached, or with `create_graph` attached to the energy's parameters and to `x`.
    """
    transition = transition or config.load()
    steps = config.steps if steps is None else steps
    for step in range(first, first + steps):
        x = transition(energy, x, config, generator, step, total or first + steps, create_graph)
        yield x


def run_chain(energy: EnergyFunction, x: Tensor, *arguments, **options) -> Tensor:
    """The last state of `chain` with the same arguments; `x` itself, detached, if `steps` is 0.

    The parameters stand still meanwhile: weights that are derived from them are computed once.
    """
    x = x.detach()
    with parametrize.cached():
        for state in chain(energy, x, *arguments, **options):
            x = state
    return x
