"""`samplers` (the chain inside training) and `generations` (sampling from a trained model)."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ebmrepro.params.base import Count, Index, NonNegative, Number, Positive, Probability, Section, Switch


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
    """Where chains wait. `fifo` overwrites the oldest sample, `reservoir` keeps a uniform history; chains
    start at random ones of them. `chains` are persistent chains, each going on where it stopped.

    `reinitialise`: probability that a chain starts afresh at noise instead.
    """

    kind: Literal["fifo", "reservoir", "chains"]
    size: Count
    reinitialise: Probability


class NoChain(Section):
    """For objectives that need no negative samples."""

    kind: Literal["none"]


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


class GibbsSampler(_Start):
    """`steps` block-Gibbs sweeps of an RBM, the chain of its CD-k and PCD-k; noise is fair coins."""

    kind: Literal["gibbs"]
    steps: Count


Sampler = Annotated[
    NoChain | LangevinSampler | HamiltonianSampler | GibbsSampler, Field(discriminator="kind")
]


Weights = Literal["ema", "raw"]


class LongChains(Section):
    """Chains from one start, with and without the augmentation transition: do they separate?

    `chains` from the same point for each of `starts` points, `rounds` of the generation's `steps`.
    """

    starts: Count
    chains: Annotated[int, Field(ge=2, strict=True)]
    rounds: Count


class LangevinGeneration(Langevin):
    """Sampling after training: `rounds` of `steps` Langevin steps, each but the last followed by the
    augmentation transition, then `final_steps` plain ones."""

    kind: Literal["langevin"]
    weights: Weights
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


class AnnealedGeneration(Section):
    """Annealed Langevin dynamics with a time-dependent energy: from noise in `start_box`, `steps` steps at
    each of its times, the last time first.

    The Langevin step size at a time is `step_size` times the variance that the diffusion adds from it to the
    next; `noise` multiplies sqrt(2 * step size), 1 being the Langevin diffusion.
    """

    kind: Literal["annealed"]
    weights: Weights
    start_box: Interval
    samples: Count
    steps: Count
    step_size: Positive
    noise: NonNegative
    clamp: Interval | None
    strip_chains: Count
    strip_frames: Annotated[int, Field(ge=2, strict=True)]

    @model_validator(mode="after")
    def _boxes_are_intervals(self):
        _ordered(self.start_box)
        if self.clamp is not None:
            _ordered(self.clamp)
        return self


class GibbsGeneration(Section):
    """`steps` block-Gibbs sweeps of an RBM from fair coins."""

    kind: Literal["gibbs"]
    weights: Weights
    samples: Count
    steps: Count
    strip_chains: Count
    strip_frames: Annotated[int, Field(ge=2, strict=True)]

    @model_validator(mode="after")
    def _strip_fits_the_chain(self):
        if self.strip_frames > self.steps + 1:
            raise ValueError(f"strip_frames must be at most {self.steps + 1}, the states of a chain")
        return self


class AncestralGeneration(Section):
    """Independent samples of a directed model, from its top layer down."""

    kind: Literal["ancestral"]
    weights: Weights
    samples: Count


Generation = Annotated[
    LangevinGeneration | AnnealedGeneration | GibbsGeneration | AncestralGeneration,
    Field(discriminator="kind"),
]
