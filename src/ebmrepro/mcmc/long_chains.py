"""Many chains from one start, with the augmentation transition and without it.

At the low temperature that image energies are sampled at, chains that begin at one point end in one image;
the claim is that augmentation transitions separate them.
"""

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from ebmrepro.machine.progress import Progress
from ebmrepro.mcmc.augmentation import augment
from ebmrepro.mcmc.chain import run_chain
from ebmrepro.params.generations import Generation


def frame_steps(config: Generation) -> list[int]:
    """Langevin steps taken at each frame: the start, then the middle and the end of every round."""
    taken = [0]
    for _ in range(config.long_chains.rounds):
        taken += [taken[-1] + config.steps // 2, taken[-1] + config.steps]
    return taken


def long_chains(
    energy: nn.Module,
    starts: Tensor,
    config: Generation,
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
                x = run_chain(energy, x, config, generator, steps, first=first, total=config.steps)
                frames.append(x)
            progress.advance(config.steps)
    return torch.stack(frames).unflatten(1, (len(starts), chains))
