"""Settings of `kind: gibbs`."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ebmrepro.params.base import Count
from ebmrepro.params.generations import Generation, Weights


class GibbsGeneration(Generation):
    """`steps` block-Gibbs sweeps of an RBM from fair coins."""

    needs = "gibbs"
    step_words = "Gibbs sweeps"

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
