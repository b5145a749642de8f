from ebmrepro.params.figures import Figure


class LossCurves(Figure, stage="train"):
    """Training losses: what each method minimises, and beside it the part that they have in common."""
