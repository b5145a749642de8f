"""Settings of `kind: mle`."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ebmrepro.params.base import Section
from ebmrepro.params.objectives import Method, Objective
from ebmrepro.params.sampling import Interval, _ordered


class GridPartition(Section):
    """log Z of a two-dimensional energy by the midpoint rule on a square."""

    box: Interval = Field(description="lowest and highest value of both coordinates", examples=[[-5.0, 5.0]])
    cells: Annotated[int, Field(ge=16, le=4096, strict=True)] = Field(
        description="cells along a side of the square", examples=[48]
    )

    @model_validator(mode="after")
    def _box_is_an_interval(self):
        _ordered(self.box)
        return self


class MaximumLikelihood(Objective):
    """Exact maximum likelihood."""

    implementation = "ebmrepro.objectives.mle:MaximumLikelihood"
    methods = (Method("mle", "ML", "#009E73", "-.", "*", 10, "−log p"),)
    columns = ("loss_nll",)

    kind: Literal["mle"]
    grid: GridPartition | None = Field(
        description="log Z by quadrature in two dimensions; null: the energy's own (Gaussian in closed form,"
        " RBM by enumeration)",
        examples=[None, {"box": [-5.0, 5.0], "cells": 48}],
    )
