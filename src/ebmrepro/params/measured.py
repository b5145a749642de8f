"""What is measured on the models of runs beside their own evaluations: four sections, one class each."""

from typing import Annotated, Literal

from pydantic import Field

from ebmrepro.params.base import Count, Name, Positive, Section, Several, Switch, once
from ebmrepro.params.generations import Weights


class Ood(Section):
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


class Denoising(Section):
    """Removal of Gaussian noise from test images of `dataset` by every run of `experiment`.

    The estimate is a posterior mode: the minimum of b E(x) + |x - y|^2 / (2 sigma^2), found by `steps` steps
    of gradient descent from the noisy image y. Energies trained with cold chains have no temperature of their
    own, so b is chosen for each model and noise on as many training images, from `strengths`: the length of
    the energy's first pull in units of the noise. `noise`: standard deviations in units of the grey scale
    0..1. `images`: how many.
    """

    experiment: Name
    dataset: Name
    weights: Weights
    noise: Annotated[list[Positive], Field(min_length=1), once("noise level")]
    images: Count
    steps: Count
    strengths: Annotated[list[Positive], Field(min_length=1)]
    shown: Count


def noise_name(noise: float) -> str:
    """A level of noise in the names of metrics and arrays: 0_1."""
    return str(noise).replace(".", "_")


class Comparison(Section):
    """The runs of `experiments` side by side, data set by data set.

    `steps`: training iterations of each run that are timed, after `warm_up` ones that are not; all runs take
    turns in one process, so that what else the machine does falls on all alike.
    """

    experiments: Annotated[list[Name], Field(min_length=1)]
    steps: Count
    warm_up: Count


class Protocol(Section):
    """An evaluation protocol for the models of `run`: `generation` and `evaluation` in the place of its own.
    `experiment` and `dataset` are the run's.

    `source`: who samples so. The protocols of an experiment are the rows of one table.
    """

    run: Name
    experiment: Name
    dataset: Name
    generation: Name
    evaluation: Name
    source: str
