from ebmrepro.params.figures import Figure


class ChainSeparation(Figure):
    """Do chains from one start separate, with augmentation transitions and without?"""

    stage = "sample"
    shows = ("images",)
    setting = ("generation", "long_chains")
    every_seed = True
