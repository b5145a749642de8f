"""Many chains from one start, with the augmentation transition and without it.

At the low temperature that image energies are sampled at, chains that begin at one point end in one image;
the claim is that augmentation transitions separate them.
"""

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from ebmrepro.data.streams import stream_seed
from ebmrepro.energies.conditional import Given
from ebmrepro.machine.progress import Progress
from ebmrepro.mcmc.augmentation import augment
from ebmrepro.mcmc.chain import run_chain
from ebmrepro.mcmc.chunks import Target
from ebmrepro.mcmc.langevin import transition
from ebmrepro.params.generations.langevin import LangevinGeneration


def with_and_without(config: LangevinGeneration, target: Target, samples: Tensor) -> dict[str, Tensor]:
    """`long_without` and `long_with`: chains from the first of `samples` (n, ...), with augmentation and not.

    Each draws from a random stream of its own, (seed, "long_chains", 0 and 1).
    """
    long, energy = config.long_chains, target.energy
    if target.condition is not None:
        energy = Given(energy, target.condition[: long.starts].repeat_interleave(long.chains, 0))
    made = {}
    for number, name in enumerate(("without", "with")):
        generator = torch.Generator(target.device).manual_seed(
            stream_seed(target.seed, "long_chains", number)
        )
        made[f"long_{name}"] = long_chains(
            energy, samples[: long.starts], config, generator, target.progress, name == "with"
        )
    return made


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
