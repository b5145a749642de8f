from ebmrepro.params.generations import Generation, Samples, Weights


class AncestralGeneration(Generation, needs="ancestral"):
    """Independent samples of a directed model, from its top layer down."""

    implementation = "ebmrepro.mcmc.ancestral:generate"

    weights: Weights
    samples: Samples
