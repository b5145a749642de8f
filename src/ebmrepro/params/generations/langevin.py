"""Settings of `kind: langevin`."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ebmrepro.params.base import Count, Index
from ebmrepro.params.generations import Generation, LongChains, Weights
from ebmrepro.params.sampling import Augmentation, Interval, Langevin, _ordered


class LangevinGeneration(Langevin, Generation):
    """Sampling after training: `rounds` of `steps` Langevin steps, each but the last followed by the
    augmentation transition, then `final_steps` plain ones."""

    needs = "gradient"
    step_words = "Langevin steps"

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

    def problems(self, energy, objective, sampler) -> Iterator[str]:
        """Also a start at the replay buffer of a run that has none."""
        yield from super().problems(energy, objective, sampler)
        if self.start == "replay" and getattr(sampler, "buffer", None) is None:
            yield "start: replay needs a run trained with a replay buffer; this one has none"
