from ebmrepro.params.figures import Figure


class CompositionGrid(Figure, stage="compose"):
    """Samples of compositions, and which of them satisfy what was asked for."""
