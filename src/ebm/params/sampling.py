"""`samplers` (the chain inside training) and `generations` (sampling from a trained model)."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ebm.params.base import Count, Index, NonNegative, Number, Positive, Probability, Section


def _ordered(bounds: list[float]) -> list[float]:
    if bounds[0] >= bounds[1]:
        raise ValueError(f"the first bound must be below the second, got {bounds}")
    return bounds


Interval = Annotated[list[Number], Field(min_length=2, max_length=2)]


class Augmentation(Section):
    """Transitions between chains: the strengths of the SimCLR recipe, drawn anew for each image."""

    crop_scale: Annotated[list[Positive], Field(min_length=2, max_length=2)]
    flip: Probability
    colour: NonNegative
    grayscale: Probability
    blur: Probability

    @model_validator(mode="after")
    def _scales(self):
        low, high = self.crop_scale
        if not low <= high <= 1:
            raise ValueError(f"crop_scale must satisfy 0 < low <= high <= 1, got {self.crop_scale}")
        return self


class Langevin(Section):
    """x <- clamp(x + noise*eps - step_size * grad E): `steps` times, step size and noise independent."""

    steps: Count
    step_size: Positive
    noise: NonNegative
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


class LangevinSampler(Langevin):
    """The negative chain of CD and ICD: start at the data, at noise in `start_box`, or in the buffer."""

    kind: Literal["langevin"]
    start: Literal["data", "noise", "replay"]
    start_box: Interval
    buffer: ReplayBuffer
    augmentation: Augmentation | None

    @model_validator(mode="after")
    def _start_box_is_an_interval(self):
        _ordered(self.start_box)
        return self


Sampler = Annotated[NoChain | LangevinSampler, Field(discriminator="kind")]


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

    @model_validator(mode="after")
    def _strip_fits_the_chain(self):
        _ordered(self.start_box)
        states = self.rounds * self.steps + self.final_steps + 1
        if self.strip_frames > states:
            raise ValueError(f"strip_frames must be at most {states}, the states of a chain")
        return self
