"""What `samplers` and `generations` share."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from ebmrepro.params.base import Count, NonNegative, Number, Positive, Probability, Section, Switch, about
from ebmrepro.params.kinds import Kind


def _in_order(bounds: list[float]) -> list[float]:
    if bounds[0] >= bounds[1]:
        raise ValueError(f"the first bound must be below the second, got {bounds}")
    return bounds


Interval = Annotated[list[Number], Field(min_length=2, max_length=2), AfterValidator(_in_order)]
Clamp = Annotated[Interval | None, about("Bounds that states are brought back into; or null.", [0.0, 1.0])]
StartBox = Annotated[Interval, about("Bounds of uniform noise that chains start at.", [0.0, 1.0])]


class Augmentation(Section):
    """Transitions between chains: the strengths of the SimCLR recipe, drawn anew for each image."""

    crop_scale: list[Positive] = about(
        "Range of the share of the image's area that is kept, 0 < low <= high <= 1.",
        [0.08, 1.0],
        min_length=2,
        max_length=2,
    )
    flip: Probability = about("Probability of a horizontal flip.", 0.5)
    colour: NonNegative = about("Strength s of the colour jitter; 0 for none.", 0.5)
    grayscale: Probability = about("Probability of becoming grey.", 0.2)
    blur: Probability = about("Probability of a Gaussian blur.", 0.5)
    blur_kernel: Count = about("Side of the blur's kernel in pixels, odd; its width is U(0.1, 2).", 5)

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


RECIPE = {name: field.examples[0] for name, field in Augmentation.model_fields.items()}


class Langevin(Kind):
    """x <- clamp(x + noise*eps - step_size * grad E): `steps` times, step size and noise independent."""

    implementation = "ebmrepro.mcmc.langevin:transition"

    steps: Count = about("Langevin steps of a chain.", 40)
    step_size: Positive = about("Step size: grad E times it is what x moves.", 1.0)
    noise: NonNegative = about("Its standard deviation; sqrt(2 * step_size) makes exp(-E) stationary.", 0.001)
    anneal: Switch = about("Scale the noise of step i of K by (K - 1 - i) / K: none in the last step.", False)
    clamp: Clamp


class ReplayBuffer(Section):
    """Where chains wait."""

    kind: Literal["fifo", "reservoir", "chains"] = about(
        "fifo overwrites the oldest sample, reservoir keeps a uniform history; chains start at"
        " random ones of them. chains are persistent chains, each going on where it stopped.",
        "fifo",
    )
    size: Count = about("Samples, or chains, that it holds; at least a batch.", 10000)
    reinitialise: Probability = about("Probability that a chain starts afresh at noise instead.", 0.05)


class Start(Section):
    """Where the negative chains start."""

    start: Literal["data", "noise", "replay", "persistent"] = about(
        "data: at the data (CD-k). noise: at noise. replay: at samples of the replay buffer."
        " persistent: where the same chains stopped at the update before (PCD), at first at the data.",
        "replay",
    )
    buffer: ReplayBuffer | None = about(
        "Where chain ends are kept; null to keep none.", {"kind": "fifo", "size": 10000, "reinitialise": 0.05}
    )

    @model_validator(mode="after")
    def _start_is_possible(self):
        if self.start in ("replay", "persistent") and self.buffer is None:
            raise ValueError(f"start: {self.start} needs a buffer, and buffer is null")
        if self.buffer and (self.start == "persistent") != (self.buffer.kind == "chains"):
            needed = "start: persistent and buffer kind: chains"
            found = f"start: {self.start} and buffer kind: {self.buffer.kind}"
            raise ValueError(f"persistent chains go with each other: {needed}, not {found}")
        return self


class ContinuousStart(Start):
    """Where chains in continuous space start."""

    start_box: StartBox
    augmentation: Augmentation | None = about("Of samples from the replay buffer; null for none.", RECIPE)

    @model_validator(mode="after")
    def _augmentation_has_its_place(self):
        if self.augmentation is not None and self.start != "replay":
            what = "augmentation is applied to samples drawn from the replay buffer"
            raise ValueError(f"{what}: it needs start: replay, not {self.start}")
        return self
