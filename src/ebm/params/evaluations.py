"""`evaluations`: which numbers are measured on a trained model and its samples."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ebm.params.base import Count, Section
from ebm.params.sampling import Interval, _ordered


class GaussianEvaluation(Section):
    """Against a known Gaussian: KL(p_D || p_theta) where the energy is Gaussian, Fisher divergence always."""

    kind: Literal["gaussian"]


class DensityEvaluation(Section):
    """In two dimensions: test log-likelihood with log Z by grid normalisation on `box`, and MMD."""

    kind: Literal["density"]
    box: Interval
    grid: Annotated[int, Field(ge=16, le=4096, strict=True)]
    mmd_samples: Count

    @model_validator(mode="after")
    def _box_is_an_interval(self):
        _ordered(self.box)
        return self


class ImageEvaluation(Section):
    """Frechet distance on the data set's own classifier, diversity, nearest training neighbours."""

    kind: Literal["images"]
    shown_neighbours: Count


Evaluation = Annotated[GaussianEvaluation | DensityEvaluation | ImageEvaluation, Field(discriminator="kind")]
