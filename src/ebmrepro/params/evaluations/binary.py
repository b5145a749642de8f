"""Settings of `kind: binary`."""

from typing import Annotated, Literal

from pydantic import Field

from ebmrepro.params.base import Count
from ebmrepro.params.evaluations import Evaluation


class BinaryEvaluation(Evaluation):
    """Log-likelihood of binary data, pseudo-likelihood, MMD of `compared_samples` samples, reconstructions.

    The likelihood is exact where an RBM has at most 25 visible or 25 hidden units, else by annealed
    importance sampling with `ais_chains` chains over `ais_temperatures` intermediate distributions; of a
    Helmholtz machine it is bounded with `importance_samples` draws of the recognition net a point.
    `shown`: filters and reconstructions kept for figures.
    """

    needs = "binary"

    kind: Literal["binary"]
    ais_chains: Annotated[int, Field(ge=2, strict=True)]
    ais_temperatures: Annotated[int, Field(ge=2, strict=True)]
    importance_samples: Count
    compared_samples: Annotated[int, Field(ge=2, strict=True)]
    shown: Count
