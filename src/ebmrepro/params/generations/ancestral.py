"""Settings of `kind: ancestral`."""

from typing import Literal

from ebmrepro.params.base import Count
from ebmrepro.params.generations import Generation, Weights


class AncestralGeneration(Generation):
    """Independent samples of a directed model, from its top layer down."""

    needs = "ancestral"

    kind: Literal["ancestral"]
    weights: Weights
    samples: Count
