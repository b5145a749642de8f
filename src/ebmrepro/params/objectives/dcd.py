from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from ebmrepro.params.base import Count, NonNegative, Positive, Section, Several, about
from ebmrepro.params.kinds import those
from ebmrepro.params.objectives import Method, Objective


class Geometric(Section):
    """`count` levels, each the same multiple of the one before: {from: 0.05, to: 0.9, count: 40}."""

    first: Positive = about("The first level.", 0.05, alias="from")
    last: Positive = about("The last level.", 0.9, alias="to")
    count: Several = about("Levels, these two among them.", 40)

    @property
    def levels(self) -> list[float]:
        """The levels, `from` and `to` among them."""
        ratio, steps = self.last / self.first, self.count - 1
        return [self.first * ratio ** (step / steps) for step in range(steps)] + [self.last]


Levels = Annotated[
    Annotated[list[NonNegative], Field(min_length=2), Tag("list")] | Annotated[Geometric, Tag("geometric")],
    Discriminator(lambda value: "list" if isinstance(value, list | tuple) else "geometric"),
]


class DiffusionContrastiveDivergence(Objective, columns=("loss_dcd",), real=True):
    """Diffusion contrastive divergence: KL(p_0 | q_0) - KL(p_T | q_T) for a diffusion without parameters.

    The time-dependent form is a sum of one-step divergences between neighbouring times, of an energy
    conditioned on time: E(x, t_0), ..., E(x, t_{N-1}).
    """

    # dcd_ve, dcd_vp: the one-step form with either diffusion.
    methods = (
        Method("dcd_ve", "DCD-VE", "#CC79A7", marker="P", order=80),
        Method("dcd_vp", "DCD-VP", "#882255", "--", "X", 90),
        Method("dcd_time", "DCD, time-dependent", "#5E3CC4", "-.", "p", 100),
    )

    diffusion: Literal["ve", "vp"] = about("variance exploding or variance preserving", "ve", "vp")
    levels: Levels = about(
        "rising, a list or {from, to, count} of a geometric one; of ve the standard deviation of the noise at"
        " each time, of vp the time itself; the first is that of the data which the energy models, 0 the data"
        " themselves; the last has no energy of its own; two make the one-step form, more the time-dependent"
        " one",
        [0.0, 0.4],
        [0.0, 0.4, 1.2],
        {"from": 0.1, "to": 1.6, "count": 5},
    )
    inner_samples: Count = about("M, samples x' of each point", 4)
    stabiliser: NonNegative = about("w of the Monte-Carlo form; 0 has no floor", 1.0)
    proposal: Literal["kernel", "reference"] = about(
        "where x' come from: kernel, the diffusion's kernel back from y; reference, what the Gaussian of a"
        " tilted energy says of x given y",
        "kernel",
        "reference",
        default="kernel",
    )

    @model_validator(mode="after")
    def _levels_rise(self):
        if any(after <= before for before, after in pairwise(self.ladder)):
            what = "horizon of a VP diffusion" if self.diffusion == "vp" else "noise of a VE diffusion"
            needed = f"the {what} from one level to the next must be above 0"
            raise ValueError(f"{needed}: levels must rise, got {self.ladder}")
        return self

    @property
    def ladder(self) -> list[float]:
        """The levels one by one."""
        return self.levels.levels if isinstance(self.levels, Geometric) else self.levels

    @property
    def times(self) -> int:
        """Times at which the energy is trained: 1 for the one-step form, whose energy knows no time."""
        return len(self.ladder) - 1

    @property
    def noisy(self) -> bool:
        """Whether the data have noise at the first level already."""
        return self.ladder[0] > 0

    def problems(self, energy, sampler, schedule, dataset):
        yield from super().problems(energy, sampler, schedule, dataset)
        if self.times > 1 and not energy.timed:
            what = f"dcd with {self.times + 1} levels trains E(x, t)"
            yield f"{what}: give the energy condition: time, or take two levels"
        if energy.noisy and not self.noisy:
            yield f"a {energy.kind} energy is one of noisy data: the first of the levels must be above 0"
        if self.proposal == "reference" and not energy.noisy:
            needed = those("energies", lambda kind: kind.noisy)
            yield f"proposal: reference needs an energy that is relative to a Gaussian ({needed})"
        if energy.attribute is not None:
            yield f"dcd trains no energy that is conditioned on an attribute ('{energy.attribute}')"

    def method(self, sampler):
        return f"dcd_{self.diffusion}" if self.times == 1 else "dcd_time"
