"""Settings of `kind: ancestral`."""

from ebmrepro.params.generations import Generation


class AncestralGeneration(Generation):
    """Independent samples of a directed model, from its top layer down."""

    needs = "ancestral"
    implementation = "ebmrepro.mcmc.ancestral:generate"
