from ebmrepro.params.figures import Figure


class SampleGrid(Figure, stage="sample", shows=("binary", "images")):
    """Samples of every run, one block each."""
