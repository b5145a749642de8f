"""Settings of `kind: dcd`."""

import itertools
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ebmrepro.params.base import Count, NonNegative
from ebmrepro.params.objectives import Objective


class DiffusionContrastiveDivergence(Objective):
    """Diffusion contrastive divergence: KL(p_0 | q_0) - KL(p_T | q_T) for a diffusion without parameters.

    `levels`: for `ve` the standard deviation of the noise at each time, for `vp` the time itself; rising.
    Two of them make the one-step form. More make the time-dependent form, a sum of one-step divergences
    between neighbouring times, of an energy conditioned on time: E(x, t_0), ..., E(x, t_{N-1}).
    `inner_samples` is M, `stabiliser` w of the Monte-Carlo form (objectives/dcd.py).
    """

    real = True

    kind: Literal["dcd"]
    diffusion: Literal["ve", "vp"]
    levels: Annotated[list[NonNegative], Field(min_length=2)]
    inner_samples: Count
    stabiliser: NonNegative

    @model_validator(mode="after")
    def _levels_rise(self):
        for before, after in itertools.pairwise(self.levels):
            if after <= before:
                what = "horizon of a VP diffusion" if self.diffusion == "vp" else "noise of a VE diffusion"
                raise ValueError(
                    f"the {what} from one level to the next must be above 0: levels must rise, got"
                    f" {self.levels}"
                )
        return self

    @property
    def times(self) -> int:
        """Times at which the energy is trained: 1 for the one-step form, whose energy knows no time."""
        return len(self.levels) - 1

    def problems(self, energy, sampler, schedule, dataset) -> Iterator[str]:
        """Also energies that lack the time, or that are conditioned on anything else."""
        yield from super().problems(energy, sampler, schedule, dataset)
        if self.times > 1 and not energy.timed:
            yield (
                f"dcd with {self.times + 1} levels trains E(x, t): give the energy condition: time, or take"
                " two levels"
            )
        if energy.attribute is not None:
            yield f"dcd trains no energy that is conditioned on an attribute ('{energy.attribute}')"
