"""`outliers`: does the energy of an experiment's models tell a data set's images from others?"""

from typing import Annotated, Literal

from pydantic import Field

from ebm.params.base import Count, Name, Section

# Made from the data set's own test images, or from nothing but their shape.
MADE = ("interpolation", "uniform", "constant", "photographs")


class Outliers(Section):
    """Out-of-distribution detection by the score -E for every run of `experiment`.

    In distribution: test images of `dataset`. Out of it: test images of each data set of `against`, brought
    to the same size and number of channels, and each of `sets`. `first_image_of`: data sets whose first test
    image stands for all, as the reference code's loader of CIFAR-100 has it by a mistake; its score is named
    `<data set>_first_image`. `samples`: at most as many of each.
    """

    experiment: Name
    dataset: Name
    against: list[Name]
    first_image_of: list[Name]
    weights: Literal["ema", "raw"]
    sets: list[Literal["interpolation", "uniform", "constant", "photographs"]]
    samples: Annotated[int, Field(ge=2, strict=True)]
    bins: Count

    @property
    def outside(self) -> list[str]:
        """Names of the sets out of distribution, in the order of `sets`, `against`, `first_image_of`."""
        return [*self.sets, *self.against, *(f"{name}_first_image" for name in self.first_image_of)]
