from ebmrepro.params.tables import Table


class EntropyWeightTable(
    Table,
    stage="evaluate",
    shows=("vectors", "images"),
    evaluations=("density", "gaussian", "images"),
    setting=("objective", "entropy_weight"),
):
    """How good a model is by the weight of the entropy term that it was trained with."""
