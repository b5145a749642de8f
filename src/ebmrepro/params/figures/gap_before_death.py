from ebmrepro.params.figures import Figure


class GapBeforeDeath(Figure, stage="train"):
    """Energy gap E⁺ − E⁻ over the last iterations before a training died, aligned at its death."""
