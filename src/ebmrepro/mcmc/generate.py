"""Sampling from a trained energy: rounds of Langevin steps with augmentation transitions in between."""

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor, nn

from ebmrepro.energies.conditional import Given
from ebmrepro.mcmc.augmentation import augment
from ebmrepro.mcmc.chain import chain
from ebmrepro.mcmc.chunks import Generated, Target, in_chunks
from ebmrepro.mcmc.langevin import transition
from ebmrepro.mcmc.long_chains import with_and_without
from ebmrepro.mcmc.noise import uniform_noise
from ebmrepro.params.generations.langevin import LangevinGeneration


def generate(config: LangevinGeneration, target: Target) -> Generated:
    """`config.samples` samples and their strip; starts are drawn from the buffer if `config.start` is replay.

    If `config.long_chains` asks for them, `long_without` and `long_with` hold chains from common starts.
    """
    device = target.device

    def states(chunk: range, generator: torch.Generator) -> Iterator[Tensor]:
        if config.start == "replay":
            index = torch.randint(len(target.buffer), (len(chunk),), generator=generator, device=device)
            x = target.buffer[index]
        else:
            x = uniform_noise((len(chunk), *target.shape), config.start_box, device, generator)
        energy = target.energy
        if target.condition is not None:
            energy = Given(energy, target.condition[chunk.start : chunk.stop])
        yield x
        yield from _rounds(energy, x, config, generator)

    made = in_chunks(states, config.chain_steps(), config, target)
    if config.long_chains is None:
        return made
    return replace(made, others=with_and_without(config, target, made.samples))


def _rounds(
    energy: nn.Module, x: Tensor, config: LangevinGeneration, generator: torch.Generator
) -> Iterator[Tensor]:
    """The states after each Langevin step; transitions come between rounds and are not shown."""
    for round_number in range(config.rounds + 1):
        last = round_number == config.rounds
        steps = config.final_steps if last else config.steps
        if round_number and not last and config.augmentation is not None:
            x = augment(x, config.augmentation, generator)
        for state in chain(energy, x, config, generator, steps, transition=transition):
            yield (x := state)
