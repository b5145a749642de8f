"""`outliers`: does the energy of an experiment's models tell a data set's images from others?"""

from typing import Literal

from ebmrepro.params.base import Count, Name, Section, Several, Switch
from ebmrepro.params.generations import Weights


class Outliers(Section):
    """Out-of-distribution detection by the score -E for every run of `experiment`.

    In distribution: test images of `dataset`. Out of it: test images of the data set `against`, brought to
    the same size and number of channels, and each of `sets`. `samples`: at most as many of each.

    `first_image`: the first test image of `against` stands for all of them, as the reference code's loader of
    CIFAR-100 has it by a mistake; the set is then called `<against>_first_image`.
    """

    experiment: Name
    dataset: Name
    against: Name
    first_image: Switch
    weights: Weights
    # Made from the data set's own test images, or from nothing but their shape.
    sets: list[Literal["interpolation", "uniform", "constant", "photographs"]]
    samples: Several
    bins: Count

    @property
    def outside(self) -> list[str]:
        """Names of the sets out of distribution."""
        return [*self.sets, f"{self.against}_first_image" if self.first_image else self.against]
