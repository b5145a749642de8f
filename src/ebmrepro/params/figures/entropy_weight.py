from ebmrepro.params.figures import Figure


class EntropyWeight(
    Figure,
    stage="evaluate",
    shows=("vectors", "images"),
    evaluations=("density", "gaussian", "images"),
    setting=("objective", "entropy_weight"),
    every_seed=True,
):
    """How good a model is against the weight of the entropy term that it was trained with."""
