"""Settings of `kind: density`."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ebmrepro.params.evaluations import Evaluation
from ebmrepro.params.sampling import Interval, _ordered


class DensityEvaluation(Evaluation):
    """In two dimensions: test log-likelihood with log Z by grid normalisation on `box`; of as many samples as
    `compared_samples`, MMD and the 2-Wasserstein distance to test points."""

    needs = "plane"

    kind: Literal["density"]
    box: Interval
    grid: Annotated[int, Field(ge=16, le=4096, strict=True)]
    compared_samples: Annotated[int, Field(ge=2, strict=True)]

    @model_validator(mode="after")
    def _box_is_an_interval(self):
        _ordered(self.box)
        return self
