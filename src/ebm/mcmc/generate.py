"""Sampling from a trained energy: rounds of Langevin steps with augmentation transitions in between."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from ebm.data.streams import stream_seed
from ebm.energies.conditional import Given
from ebm.mcmc.augmentation import augment
from ebm.mcmc.chain import chain
from ebm.mcmc.noise import uniform_noise
from ebm.params.sampling import Generation
from ebm.progress import Progress

CHUNK = 500


class Generated(NamedTuple):
    """`samples` (n, ...) are the chain ends; `strip` (frames, chains, ...) shows the first chains on their
    way, evenly spaced in Langevin steps, the start and the end among the frames."""

    samples: Tensor
    strip: Tensor


def total_steps(config: Generation) -> int:
    """Langevin steps that each sample takes."""
    return config.rounds * config.steps + config.final_steps


def generate(
    energy: nn.Module,
    shape: tuple[int, ...],
    config: Generation,
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
    ends: list[Tensor] = []
    shown = torch.linspace(0, total_steps(config), config.strip_frames).round().int().tolist()
    for number, first in enumerate(range(0, config.samples, CHUNK)):
        count = min(CHUNK, config.samples - first)
        generator = torch.Generator(device).manual_seed(stream_seed(seed, purpose, first_stream + number))
        if config.start == "replay":
            index = torch.randint(len(buffer), (count,), generator=generator, device=device)
            x = buffer[index]
        else:
            x = uniform_noise((count, *shape), config.start_box, device, generator)
        given = energy if condition is None else Given(energy, condition[first : first + count])
        frames = [x[: config.strip_chains]]
        with parametrize.cached():
            for step, state in enumerate(_states(given, x, config, generator, progress), start=1):
                x = state
                if step in shown:
                    frames.append(x[: config.strip_chains])
        if number == 0:
            strip = torch.stack(frames)
        ends.append(x)
    return Generated(torch.cat(ends), strip)


def _states(energy, x, config, generator, progress):
    """The states after each Langevin step; transitions come between rounds and are not shown."""
    for round_number in range(config.rounds + 1):
        last = round_number == config.rounds
        steps = config.final_steps if last else config.steps
        if round_number and not last and config.augmentation is not None:
            x = augment(x, config.augmentation, generator)
        for state in chain(energy, x, config, generator, steps):
            progress.advance()
            yield (x := state)
