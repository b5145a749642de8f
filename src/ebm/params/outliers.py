"""`outliers`: does the energy of an experiment's models tell a data set's images from others?"""

from typing import Annotated, Literal

from pydantic import Field

from ebm.params.base import Count, Name, Section

# Made from the data set's own test images, or from nothing but their shape.
MADE = ("interpolation", "uniform", "constant", "photographs")


class Outliers(Section):
    """Out-of-distribution detection by the score -E for every run of `experiment`.

    In distribution: test images of `dataset`. Out of it: test images of the data set `against`, brought to
    the same size and number of channels, and each of `sets`. `samples`: at most as many of each.
    """

    experiment: Name
    dataset: Name
    against: Name
    weights: Literal["ema", "raw"]
    sets: list[Literal["interpolation", "uniform", "constant", "photographs"]]
    samples: Annotated[int, Field(ge=2, strict=True)]
    bins: Count
