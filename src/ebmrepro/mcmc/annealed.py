"""Annealed Langevin dynamics (Song and Ermon, 2019) with the time-dependent energy of DCD.

From the last time to the first. Let the diffusion carry x at time t_i to y = a x + s xi at t_{i+1}. Then
y / a is a sample of p_{t_i} with noise of variance s^2 / a^2 on top: on the way back the state is divided by
a, and the Langevin steps at t_i, which have that noise to remove, are in proportion to s^2 / a^2.

The samples have the noise of the first level, x = a x_0 + s xi with the first marginal's a and s. The mean of
what it was added to has a closed form (Tweedie; Robbins, 1956): E[x_0 | x] = (x - s^2 grad E(x, t_0)) / a.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from ebmrepro.energies.conditional import Given
from ebmrepro.energies.gradient import energy_gradient
from ebmrepro.mcmc.chain import chain, uniform_noise
from ebmrepro.mcmc.chunks import Generated, Target, in_chunks
from ebmrepro.mcmc.langevin import transition
from ebmrepro.params.generations.annealed import AnnealedGeneration
from ebmrepro.params.sampling import Langevin


def generate(config: AnnealedGeneration, target: Target) -> Generated:
    """`config.samples` samples from exp(-E(x, t_0)) of the time-dependent energy `target.over_time`, or, with
    `config.tweedie`, the means of the clean data given these.

    Starts are uniform noise or, with `config.start` reference, samples of the energy's Gaussian at the last
    time; at each time of `target.diffusion` there are `config.steps` steps of size `config.step_size`
    s^2 / a^2. ValueError if the strip has more frames than a chain has states.
    """
    times = len(target.diffusion)
    one_hot = torch.eye(times, device=target.device)

    def states(chunk: range, generator: torch.Generator) -> Iterator[Tensor]:
        shape = (len(chunk), *target.shape)
        if config.start == "reference":
            xi = torch.randn(shape, generator=generator, device=target.device)
            x = target.over_time.sample(one_hot[-1:], xi)
        else:
            x = uniform_noise(shape, config.start_box, target.device, generator)
        yield x
        for time in reversed(range(times)):
            a, s = target.diffusion[time]
            # Starts are at the last time as they are: nothing has contracted them yet.
            if time < times - 1:
                x = x / a
            step_size = config.step_size * (s / a) ** 2
            noise = config.noise * math.sqrt(2 * step_size)
            langevin = Langevin(
                steps=config.steps, step_size=step_size, noise=noise, anneal=False, clamp=config.clamp
            )
            energy = Given(target.over_time, one_hot[time : time + 1])
            for state in chain(energy, x, langevin, generator, transition=transition):
                yield (x := state)
        if config.tweedie:
            yield _mean_of_clean(energy, x, *target.first_level, config.clamp)

    return in_chunks(states, config.chain_steps(times), config, target)


def _mean_of_clean(energy: Given, x: Tensor, scale: float, noise: float, clamp: list[float] | None) -> Tensor:
    """Tweedie's step from `x` (B, ...), samples of exp(-energy) = `scale` times clean data + `noise`."""
    x = (x - noise**2 * energy_gradient(energy, x)[1]) / scale
    return x if clamp is None else x.clamp(*clamp)
