from ebmrepro.params.figures import Figure


class ChainStrip(Figure):
    """Chains on their way from noise to sample: Langevin dynamics or Gibbs sampling."""

    stage = "sample"
    shows = ("binary", "images")
