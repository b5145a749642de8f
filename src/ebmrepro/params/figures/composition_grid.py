from ebmrepro.params.figures import Figure


class CompositionGrid(Figure):
    """Samples of compositions, and which of them satisfy what was asked for."""

    stage = "compose"
