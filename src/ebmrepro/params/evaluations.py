"""`evaluations`: which numbers are measured on a trained model and its samples."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ebmrepro.params.base import Count, Section
from ebmrepro.params.inception import InceptionEvaluation
from ebmrepro.params.sampling import Interval, _ordered


class GaussianEvaluation(Section):
    """Against a known Gaussian: KL(p_D || p_theta) where the energy is Gaussian, Fisher divergence always."""

    kind: Literal["gaussian"]


class DensityEvaluation(Section):
    """In two dimensions: test log-likelihood with log Z by grid normalisation on `box`; of as many samples as
    `compared_samples`, MMD and the 2-Wasserstein distance to test points."""

    kind: Literal["density"]
    box: Interval
    grid: Annotated[int, Field(ge=16, le=4096, strict=True)]
    compared_samples: Annotated[int, Field(ge=2, strict=True)]

    @model_validator(mode="after")
    def _box_is_an_interval(self):
        _ordered(self.box)
        return self


class ImageEvaluation(Section):
    """Frechet distance on the data set's own classifier, diversity, nearest training neighbours."""

    kind: Literal["images"]
    shown_neighbours: Count


class BinaryEvaluation(Section):
    """Log-likelihood of binary data, pseudo-likelihood, MMD of `compared_samples` samples, reconstructions.

    The likelihood is exact where an RBM has at most 25 visible or 25 hidden units, else by annealed
    importance sampling with `ais_chains` chains over `ais_temperatures` intermediate distributions; of a
    Helmholtz machine it is bounded with `importance_samples` draws of the recognition net a point.
    `shown`: filters and reconstructions kept for figures.
    """

    kind: Literal["binary"]
    ais_chains: Annotated[int, Field(ge=2, strict=True)]
    ais_temperatures: Annotated[int, Field(ge=2, strict=True)]
    importance_samples: Count
    compared_samples: Annotated[int, Field(ge=2, strict=True)]
    shown: Count


Evaluation = Annotated[
    GaussianEvaluation | DensityEvaluation | ImageEvaluation | BinaryEvaluation | InceptionEvaluation,
    Field(discriminator="kind"),
]
