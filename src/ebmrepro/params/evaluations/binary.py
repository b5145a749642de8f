"""Settings of `kind: binary`."""

from typing import Annotated

from pydantic import Field

from ebmrepro.params.base import Count
from ebmrepro.params.evaluations import Evaluation


class BinaryEvaluation(Evaluation):
    """Log-likelihood of binary data, pseudo-likelihood, MMD of samples, reconstructions.

    The likelihood is exact where an RBM has at most 25 visible or 25 hidden units, else estimated by annealed
    importance sampling; of a Helmholtz machine it is bounded by importance sampling.
    """

    implementation = "ebmrepro.evaluation.measures.binary:measure"
    needs = "binary"

    ais_chains: Annotated[int, Field(ge=2, strict=True)] = Field(
        description="Chains of annealed importance sampling of log Z.", examples=[500]
    )
    ais_temperatures: Annotated[int, Field(ge=2, strict=True)] = Field(
        description="Distributions on its path from the base-rate RBM to the model, both ends counted.",
        examples=[10000],
    )
    importance_samples: Count = Field(
        description="Draws of the recognition net for each point, in the bound of a Helmholtz machine.",
        examples=[1000],
    )
    compared_samples: Annotated[int, Field(ge=2, strict=True)] = Field(
        description="Samples, training images and test images that MMD is taken of; all if there are fewer.",
        examples=[1000],
    )
    shown: Count = Field(description="Filters and reconstructions kept for figures.", examples=[64])
