from ebmrepro.params.generations import Generation, Samples, Weights


class AncestralGeneration(Generation):
    """Independent samples of a directed model, from its top layer down."""

    needs = "ancestral"
    implementation = "ebmrepro.mcmc.ancestral:generate"

    weights: Weights
    samples: Samples
