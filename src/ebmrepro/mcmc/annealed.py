"""Annealed Langevin dynamics (Song and Ermon, 2019) with the time-dependent energy of DCD.

From the last time to the first. Let the diffusion carry x at time t_i to y = a x + s xi at t_{i+1}. Then
y / a is a sample of p_{t_i} with noise of variance s^2 / a^2 on top: on the way back the state is divided by
a, and the Langevin steps at t_i, which have that noise to remove, are in proportion to s^2 / a^2.
"""

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from ebmrepro.energies.conditional import Given
from ebmrepro.machine.progress import Progress
from ebmrepro.mcmc.chain import chain
from ebmrepro.mcmc.chunks import Generated, in_chunks
from ebmrepro.mcmc.noise import uniform_noise
from ebmrepro.params.generations.annealed import AnnealedGeneration
from ebmrepro.params.sampling import Langevin


def annealed_generate(
    energy: nn.Module,
    shape: tuple[int, ...],
    config: AnnealedGeneration,
    diffusion: Sequence[tuple[float, float]],
    seed: int,
    progress: Progress,
) -> Generated:
    """`config.samples` samples of `shape` from exp(-E(x, t_0)).

    `energy(x, condition)` is time-dependent, its conditions (B, times) one-hot; `diffusion` gives a and s of
    the kernel from each of its times to the next (objectives/diffusions.py). Starts are uniform noise; at
    each time there are `config.steps` steps of size `config.step_size` s^2 / a^2. The strip is evenly spaced
    in steps. Chunk k of the samples draws from a random stream of its own, (seed, "generation", k). Raises
    ValueError if the strip has more frames than a chain has states.
    """
    device = next(energy.parameters()).device
    steps = config.steps * len(diffusion)
    if config.strip_frames > steps + 1:
        raise ValueError(f"strip_frames must be at most {steps + 1}, the states of a chain")

    def states(chunk: range, generator: torch.Generator) -> Iterator[Tensor]:
        x = uniform_noise((len(chunk), *shape), config.start_box, device, generator)
        yield x
        yield from _annealed(energy, x, config, diffusion, generator)

    return in_chunks(states, steps, config, device, seed, progress)


def _annealed(
    energy: nn.Module,
    x: Tensor,
    config: AnnealedGeneration,
    diffusion: Sequence[tuple[float, float]],
    generator: torch.Generator,
) -> Iterator[Tensor]:
    """The states after each Langevin step."""
    one_hot = torch.eye(len(diffusion), device=x.device)
    for time in reversed(range(len(diffusion))):
        a, s = diffusion[time]
        # Noise is uniform in its box at the last time: nothing has contracted it yet.
        if time < len(diffusion) - 1:
            x = x / a
        step_size = config.step_size * (s / a) ** 2
        noise = config.noise * math.sqrt(2 * step_size)
        langevin = Langevin(
            steps=config.steps, step_size=step_size, noise=noise, anneal=False, clamp=config.clamp
        )
        for state in chain(Given(energy, one_hot[time : time + 1]), x, langevin, generator):
            yield (x := state)
