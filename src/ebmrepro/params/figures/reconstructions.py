from ebmrepro.params.figures import Figure


class Reconstructions(Figure, stage="evaluate", shows=("binary",)):
    """Test patterns above what a sweep to the hidden units and back makes of them."""
