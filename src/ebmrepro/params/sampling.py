"""What `samplers` and `generations` share."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ebmrepro.params.base import Count, NonNegative, Number, Positive, Probability, Section, Switch

Interval = Annotated[list[Number], Field(min_length=2, max_length=2)]


def _ordered(bounds: list[float]) -> list[float]:
    if bounds[0] >= bounds[1]:
        raise ValueError(f"the first bound must be below the second, got {bounds}")
    return bounds


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

    def problems(self, energy) -> Iterator[str]:
        """Why chains on `energy` cannot pass it."""
        if energy.form != "images":
            yield f"augmentation needs images, and {energy.describe()} takes none"


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
    """Where chains wait. `fifo` overwrites the oldest sample, `reservoir` keeps a uniform history; chains
    start at random ones of them. `chains` are persistent chains, each going on where it stopped.

    `reinitialise`: probability that a chain starts afresh at noise instead.
    """

    kind: Literal["fifo", "reservoir", "chains"]
    size: Count
    reinitialise: Probability


class _Start(Section):
    """Where the negative chains start.

    data: at the data (CD-k). noise: at noise. replay: at samples of the replay buffer. persistent: where the
    same chains stopped at the update before (PCD), at first at the data. `buffer: null`: no chain end is
    kept.
    """

    start: Literal["data", "noise", "replay", "persistent"]
    buffer: ReplayBuffer | None

    @model_validator(mode="after")
    def _start_is_possible(self):
        if self.start in ("replay", "persistent") and self.buffer is None:
            raise ValueError(f"start: {self.start} needs a buffer, and buffer is null")
        chains = self.buffer is not None and self.buffer.kind == "chains"
        if (self.start == "persistent") != chains and self.buffer is not None:
            raise ValueError(
                "persistent chains go with each other: start: persistent and buffer kind: chains,"
                f" not start: {self.start} and buffer kind: {self.buffer.kind}"
            )
        return self


class Start(_Start):
    """Where chains in continuous space start: noise is uniform in `start_box`; samples of the replay buffer
    pass the augmentation transition when they are drawn."""

    start_box: Interval
    augmentation: Augmentation | None

    @model_validator(mode="after")
    def _augmentation_has_its_place(self):
        _ordered(self.start_box)
        if self.augmentation is not None and self.start != "replay":
            raise ValueError(
                "augmentation is applied to samples drawn from the replay buffer: it needs start: replay,"
                f" not {self.start}"
            )
        return self
