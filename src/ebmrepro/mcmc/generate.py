"""Sampling from a trained energy: rounds of Langevin steps with augmentation transitions in between."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from ebmrepro.energies.conditional import Given
from ebmrepro.machine.progress import Progress
from ebmrepro.mcmc.augmentation import augment
from ebmrepro.mcmc.chain import chain
from ebmrepro.mcmc.chunks import Generated, in_chunks
from ebmrepro.mcmc.noise import uniform_noise
from ebmrepro.params.generations.langevin import LangevinGeneration


def total_steps(config: LangevinGeneration) -> int:
    """Langevin steps that each sample takes."""
    return config.rounds * config.steps + config.final_steps


def generate(
    energy: nn.Module,
    shape: tuple[int, ...],
    config: LangevinGeneration,
    buffer: Tensor | None,
    seed: int,
    progress: Progress,
    condition: Tensor | None = None,
    purpose: str = "generation",
    first_stream: int = 0,
) -> Generated:
    """`config.samples` samples of `shape` from exp(-energy).

    `buffer` (m, ...), in the energy's units, gives the starts if `config.start` is replay. `condition` (n, K)
    is that of each sample, for a conditional energy. Chunk k draws from a random stream of its own,
    (seed, purpose, first_stream + k).
    """
    device = next(energy.parameters()).device

    def states(chunk: range, generator: torch.Generator) -> Iterator[Tensor]:
        if config.start == "replay":
            index = torch.randint(len(buffer), (len(chunk),), generator=generator, device=device)
            x = buffer[index]
        else:
            x = uniform_noise((len(chunk), *shape), config.start_box, device, generator)
        given = energy if condition is None else Given(energy, condition[chunk.start : chunk.stop])
        yield x
        yield from _rounds(given, x, config, generator)

    return in_chunks(states, total_steps(config), config, device, seed, progress, purpose, first_stream)


def _rounds(
    energy: nn.Module, x: Tensor, config: LangevinGeneration, generator: torch.Generator
) -> Iterator[Tensor]:
    """The states after each Langevin step; transitions come between rounds and are not shown."""
    for round_number in range(config.rounds + 1):
        last = round_number == config.rounds
        steps = config.final_steps if last else config.steps
        if round_number and not last and config.augmentation is not None:
            x = augment(x, config.augmentation, generator)
        for state in chain(energy, x, config, generator, steps):
            yield (x := state)
