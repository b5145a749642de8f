from ebmrepro.params.figures import Figure


class Reconstructions(Figure):
    """Test patterns above what a sweep to the hidden units and back makes of them."""

    stage = "evaluate"
    shows = ("binary",)
