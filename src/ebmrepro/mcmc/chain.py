"""Markov chains: one transition after the other."""

from collections.abc import Callable, Iterator

from torch import Generator, Tensor
from torch.nn.utils import parametrize

from ebmrepro.energies.gradient import EnergyFunction
from ebmrepro.params.base import Section

# (energy, x, config, generator, step, total, create_graph) -> the state after step number `step` (from 0) of
# `total`, from `x` (B, ...). Detached, or with `create_graph` attached to the energy's parameters and to `x`.
Transition = Callable[..., Tensor]


def chain(
    energy: EnergyFunction,
    x: Tensor,
    config: Section,
    generator: Generator,
    steps: int | None = None,
    first: int = 0,
    total: int | None = None,
    transition: Transition | None = None,
) -> Iterator[Tensor]:
    """The states after each of `steps` steps (default `config.steps`), detached, each shaped like `x`.

    They are steps `first`, `first` + 1, ... of `total` (default: what is asked for), which anneals the noise.
    `transition` (default: the implementation of `config`) takes each of them.
    """
    transition = transition or config.load()
    steps = config.steps if steps is None else steps
    for step in range(first, first + steps):
        x = transition(energy, x, config, generator, step, total or first + steps)
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
