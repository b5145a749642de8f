"""`denoisings`: what the energies of an experiment make of noisy images."""

from typing import Annotated

from pydantic import Field

from ebmrepro.params.base import Count, Name, Positive, Section
from ebmrepro.params.generations import Weights


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
    noise: Annotated[list[Positive], Field(min_length=1)]
    images: Count
    steps: Count
    strengths: Annotated[list[Positive], Field(min_length=1)]
    shown: Count


def noise_name(noise: float) -> str:
    """A level of noise in the names of metrics and arrays: 0_1."""
    return str(noise).replace(".", "_")
