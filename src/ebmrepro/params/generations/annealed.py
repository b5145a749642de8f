"""Settings of `kind: annealed`."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ebmrepro.params.base import Count, NonNegative, Positive
from ebmrepro.params.generations import Generation, Weights
from ebmrepro.params.sampling import Interval, _ordered


class AnnealedGeneration(Generation):
    """Annealed Langevin dynamics with a time-dependent energy: from noise in `start_box`, `steps` steps at
    each of its times, the last time first.

    The Langevin step size at a time is `step_size` times the variance that the diffusion adds from it to the
    next; `noise` multiplies sqrt(2 * step size), 1 being the Langevin diffusion.
    """

    needs = "annealed"
    step_words = "annealed Langevin steps"

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

    def problems(self, energy, objective, sampler) -> Iterator[str]:
        """Also strips longer than a chain, which passes all times."""
        yield from super().problems(energy, objective, sampler)
        states = self.steps * objective.times + 1
        if energy.timed and self.strip_frames > states:
            yield f"strip_frames must be at most {states}, the states of a chain"
