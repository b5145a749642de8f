from ebmrepro.params.figures import Figure


class SurvivalCurves(Figure, stage="train"):
    """The share of seeds that still train after so many iterations (Kaplan-Meier)."""
