from ebmrepro.params.figures import Figure


class ChainSeparation(Figure, stage="sample", shows=("images",), setting=("generation", "long_chains")):
    """Do chains from one start separate, with augmentation transitions and without?"""

    every_seed = True
