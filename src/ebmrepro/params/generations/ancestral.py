"""Settings of `kind: ancestral`."""

from typing import Literal

from ebmrepro.params.generations import Generation, Samples, Weights


class AncestralGeneration(Generation):
    """Independent samples of a directed model, from its top layer down."""

    needs = "ancestral"
    implementation = "ebmrepro.mcmc.ancestral:generate"

    kind: Literal["ancestral"]
    weights: Weights
    samples: Samples
