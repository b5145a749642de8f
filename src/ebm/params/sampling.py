"""`samplers` (the chain inside training) and `generations` (sampling from a trained model)."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ebm.params.base import Count, Index, NonNegative, Number, Positive, Probability, Section, Switch


def _ordered(bounds: list[float]) -> list[float]:
    if bounds[0] >= bounds[1]:
        raise ValueError(f"the first bound must be below the second, got {bounds}")
    return bounds


Interval = Annotated[list[Number], Field(min_length=2, max_length=2)]


class Augmentation(Section):
    """Transitions between chains: the strengths of the SimCLR recipe, drawn anew for each image.

    `crop_scale`: range of the kept area; `flip`, `grayscale`, `blur`: probabilities; `colour`: strength s;
    `blur_kernel`: side of the Gaussian kernel in pixels, its standard deviation drawn from U(0.1, 2).
    """

    crop_scale: Annotated[list[Positive], Field(min_length=2, max_length=2)]
    flip: Probability
    colour: NonNegative
    grayscale: Probability
    blur: Probability
    blur_kernel: Annotated[int, Field(ge=1, strict=True)]

    @model_validator(mode="after")
    def _scales(self):
        low, high = self.crop_scale
        if not low <= high <= 1:
            raise ValueError(f"crop_scale must satisfy 0 < low <= high <= 1, got {self.crop_scale}")
        if self.blur_kernel % 2 == 0:
            raise ValueError(f"blur_kernel must be odd, got {self.blur_kernel}")
        return self


class Langevin(Section):
    """x <- clamp(x + noise*eps - step_size * grad E): `steps` times, step size and noise independent.

    `anneal`: the noise of step i of K is scaled by (K - 1 - i) / K, so that the last step has none.
    """

    steps: Count
    step_size: Positive
    noise: NonNegative
    anneal: Switch
    clamp: Interval | None

    @model_validator(mode="after")
    def _clamp_is_an_interval(self):
        if self.clamp is not None:
            _ordered(self.clamp)
        return self


class ReplayBuffer(Section):
    """Where persistent chains wait: `fifo` overwrites the oldest, `reservoir` keeps a uniform history."""

    kind: Literal["fifo", "reservoir"]
    size: Count
    reinitialise: Probability


class NoChain(Section):
    """For objectives that need no negative samples."""

    kind: Literal["none"]


class Start(Section):
    """Where the negative chains start: at the data, at noise in `start_box`, or in the replay buffer, whose
    samples pass the augmentation transition when they are drawn. `buffer: null`: no chain end is kept."""

    start: Literal["data", "noise", "replay"]
    start_box: Interval
    buffer: ReplayBuffer | None
    augmentation: Augmentation | None

    @model_validator(mode="after")
    def _start_is_possible(self):
        _ordered(self.start_box)
        if self.start == "replay" and self.buffer is None:
            raise ValueError("start: replay needs a buffer, and buffer is null")
        if self.augmentation is not None and self.start != "replay":
            raise ValueError(
                "augmentation is applied to samples drawn from the replay buffer: it needs start: replay,"
                f" not {self.start}"
            )
        return self


class LangevinSampler(Langevin, Start):
    """Langevin dynamics as the negative chain of CD and ICD."""

    kind: Literal["langevin"]


class HamiltonianSampler(Start):
    """Hamiltonian Monte Carlo as the negative chain: `steps` transitions of `leapfrog_steps` of `step_size`.

    `metropolis`: accept or reject each transition, which makes exp(-E) / Z exactly stationary. One leapfrog
    step of size s is the Metropolis-adjusted Langevin algorithm with Langevin step size s^2 / 2.
    """

    kind: Literal["hmc"]
    steps: Count
    leapfrog_steps: Count
    step_size: Positive
    metropolis: Switch
    clamp: Interval | None

    @model_validator(mode="after")
    def _metropolis_without_clamp(self):
        if self.clamp is not None:
            _ordered(self.clamp)
            if self.metropolis:
                raise ValueError("metropolis: true needs clamp: null, a clamped move is not reversible")
        return self


Sampler = Annotated[NoChain | LangevinSampler | HamiltonianSampler, Field(discriminator="kind")]


class LongChains(Section):
    """Chains from one start, with and without the augmentation transition: do they separate?

    `chains` from the same point for each of `starts` points, `rounds` of the generation's `steps`.
    """

    starts: Count
    chains: Annotated[int, Field(ge=2, strict=True)]
    rounds: Count


class Generation(Langevin):
    """Sampling after training: `rounds` of `steps` Langevin steps, each but the last followed by the
    augmentation transition, then `final_steps` plain ones."""

    weights: Literal["ema", "raw"]
    start: Literal["noise", "replay"]
    start_box: Interval
    samples: Count
    rounds: Count
    final_steps: Index
    augmentation: Augmentation | None
    strip_chains: Count
    strip_frames: Annotated[int, Field(ge=2, strict=True)]
    long_chains: LongChains | None

    @model_validator(mode="after")
    def _strip_fits_the_chain(self):
        _ordered(self.start_box)
        states = self.rounds * self.steps + self.final_steps + 1
        if self.strip_frames > states:
            raise ValueError(f"strip_frames must be at most {states}, the states of a chain")
        if self.long_chains is not None and self.augmentation is None:
            raise ValueError("long_chains compares chains with and without augmentation, which is null here")
        return self
