"""`generations`: sampling from a trained model, one module a kind."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ebmrepro.params.base import Count, Section
from ebmrepro.params.kinds import Kind, those

Weights = Literal["ema", "raw"]


class Generation(Kind):
    """A way to sample a trained model."""

    # Which of the energy's `chains` it runs.
    needs: ClassVar[str]
    # What readers call the steps of a chain; "" if samples are drawn without one, and have no strip.
    step_words: ClassVar[str] = ""

    def problems(self, energy, objective, sampler) -> Iterator[str]:
        """Why it cannot sample `energy`, trained by the objective with the sampler's chains."""
        if self.needs not in energy.chains:
            what = "time-dependent energies" if energy.timed else f"energies of kind {energy.kind}"
            wanted = those("generations", lambda kind: kind.needs in energy.chains)
            yield f"{what} are sampled by a generation of kind {wanted}, not {self.kind}"
        if (augmentation := getattr(self, "augmentation", None)) is not None:
            yield from augmentation.problems(energy)


class LongChains(Section):
    """Chains from one start, with and without the augmentation transition: do they separate?

    `chains` from the same point for each of `starts` points, `rounds` of the generation's `steps`.
    """

    starts: Count
    chains: Annotated[int, Field(ge=2, strict=True)]
    rounds: Count
