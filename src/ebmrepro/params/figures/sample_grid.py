from ebmrepro.params.figures import Figure


class SampleGrid(Figure):
    """Samples of every run, one block each."""

    stage = "sample"
    shows = ("binary", "images")
