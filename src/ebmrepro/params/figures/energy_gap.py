from ebmrepro.params.figures import Figure


class EnergyGap(Figure, stage="train"):
    """Energy gap E⁺ − E⁻ over training: near 0 while training is stable."""
