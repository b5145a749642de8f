from ebmrepro.params.figures import Figure


class LossCurves(Figure):
    """Training losses: what each method minimises, and beside it the part that they have in common."""

    stage = "train"
