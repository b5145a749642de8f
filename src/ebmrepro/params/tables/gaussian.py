from ebmrepro.params.tables import Table


class GaussianTable(Table):
    """The n-dimensional Gaussian: divergences that objectives share, and the loss, which they do not."""

    stage = "evaluate"
    shows = ("vectors",)
    evaluations = ("gaussian",)
    every_run = True
