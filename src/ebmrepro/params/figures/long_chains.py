from ebmrepro.params.figures import Figure


class LongChainStrips(Figure, stage="sample", shows=("images",), setting=("generation", "long_chains")):
    """Long Langevin chains from one start, with augmentation transitions: do they cross between modes?"""
