"""Settings of `kind: density`."""

from typing import Annotated

from pydantic import Field, model_validator

from ebmrepro.params.evaluations import Evaluation
from ebmrepro.params.sampling import Interval, _ordered


class DensityEvaluation(Evaluation):
    """In two dimensions: test log-likelihood with log Z on a grid; MMD and 2-Wasserstein distance to test
    points."""

    implementation = "ebmrepro.evaluation.measures.density:measure"
    needs = "plane"

    needs = "plane"

    box: Interval = Field(
        description="Range of both coordinates over which exp(-E) is summed, in the units of the data: nearly"
        " all mass of data and model must lie inside.",
        examples=[[-4.0, 4.0]],
    )
    grid: Annotated[int, Field(ge=16, le=4096, strict=True)] = Field(
        description="Cells of the grid along each axis.", examples=[400]
    )
    compared_samples: Annotated[int, Field(ge=2, strict=True)] = Field(
        description="Samples and test points that MMD and 2-Wasserstein distance are taken of; all if there"
        " are fewer. The time of the latter grows as its cube.",
        examples=[1000],
    )

    @model_validator(mode="after")
    def _box_is_an_interval(self):
        _ordered(self.box)
        return self
