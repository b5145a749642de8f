from ebmrepro.params.figures import Figure


class ChainStrip(Figure, stage="sample", shows=("binary", "images")):
    """Chains on their way from noise to sample: Langevin dynamics or Gibbs sampling."""
