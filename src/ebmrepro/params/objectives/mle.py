"""Settings of `kind: mle`."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ebmrepro.params.base import Section
from ebmrepro.params.objectives import Objective
from ebmrepro.params.sampling import Interval, _ordered


class GridPartition(Section):
    """log Z of a two-dimensional energy by the midpoint rule on `cells` x `cells` cells of a square `box`."""

    box: Interval
    cells: Annotated[int, Field(ge=16, le=4096, strict=True)]

    @model_validator(mode="after")
    def _box_is_an_interval(self):
        _ordered(self.box)
        return self


class MaximumLikelihood(Objective):
    """Exact maximum likelihood. log Z is the energy's own (Gaussian in closed form, RBM by enumeration) with
    `grid: null`, else by quadrature in two dimensions."""

    kind: Literal["mle"]
    grid: GridPartition | None
