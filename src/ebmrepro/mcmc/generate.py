"""Sampling from a trained energy: rounds of Langevin steps with augmentation transitions in between.

At the low temperature that image energies are sampled at, chains that begin at one point end in one image;
the claim is that augmentation transitions separate them: `long_chains` shows it.
"""

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from ebmrepro.data.streams import stream_seed
from ebmrepro.energies.conditional import Given
from ebmrepro.machine.progress import Progress
from ebmrepro.mcmc.augmentation import augment
from ebmrepro.mcmc.chain import chain, run_chain, uniform_noise
from ebmrepro.mcmc.chunks import Generated, Target, in_chunks
from ebmrepro.mcmc.langevin import transition
from ebmrepro.params.generations.langevin import LangevinGeneration


def generate(config: LangevinGeneration, target: Target) -> Generated:
    """`config.samples` samples and their strip; starts are drawn from the buffer if `config.start` is replay.

    If `config.long_chains` asks for them, `long_without` and `long_with` hold `long_chains` from the first
    samples, each from a random stream of its own, (seed, "long_chains", 0 and 1).
    """
    device = target.device

    def given(chosen: slice, repeats: int = 1) -> nn.Module:
        if target.condition is None:
            return target.energy
        return Given(target.energy, target.condition[chosen].repeat_interleave(repeats, 0))

    def states(chunk: range, generator: torch.Generator) -> Iterator[Tensor]:
        if config.start == "replay":
            index = torch.randint(len(target.buffer), (len(chunk),), generator=generator, device=device)
            x = target.buffer[index]
        else:
            x = uniform_noise((len(chunk), *target.shape), config.start_box, device, generator)
        yield x
        energy = given(slice(chunk.start, chunk.stop))
        # Augmentation comes between rounds and is not shown.
        for number in range(config.rounds + 1):
            last = number == config.rounds
            if number and not last and config.augmentation is not None:
                x = augment(x, config.augmentation, generator)
            steps = config.final_steps if last else config.steps
            for state in chain(energy, x, config, generator, steps, transition=transition):
                yield (x := state)

    made = in_chunks(states, config.chain_steps(), config, target)
    if config.long_chains is None:
        return made
    starts, others = slice(config.long_chains.starts), {}
    for number, name in enumerate(("long_without", "long_with")):
        generator = torch.Generator(device).manual_seed(stream_seed(target.seed, "long_chains", number))
        energy = given(starts, config.long_chains.chains)
        others[name] = long_chains(
            energy, made.samples[starts], config, generator, target.progress, with_augmentation=number == 1
        )
    return replace(made, others=others)


def long_chains(
    energy: nn.Module,
    starts: Tensor,
    config: LangevinGeneration,
    generator: torch.Generator,
    progress: Progress,
    with_augmentation: bool,
) -> Tensor:
    """Frames (f, s, c, ...) of `config.long_chains.chains` = c chains from each of `starts` (s, ...).

    Rounds of `config.steps` Langevin steps; between rounds the augmentation transition, or nothing.
    """
    chains = config.long_chains.chains
    x = starts.repeat_interleave(chains, 0)
    frames = [x]
    half = config.steps // 2
    with parametrize.cached():
        for number in range(config.long_chains.rounds):
            if number and with_augmentation:
                x = augment(x, config.augmentation, generator)
            for first, steps in ((0, half), (half, config.steps - half)):
                x = run_chain(energy, x, config, generator, steps, first, config.steps, transition)
                frames.append(x)
            progress.advance(config.steps)
    return torch.stack(frames).unflatten(1, (len(starts), chains))
