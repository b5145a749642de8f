from ebmrepro.params.tables import Table


class GaussianTable(Table, stage="evaluate", shows=("vectors",), evaluations=("gaussian",), every_run=True):
    """The n-dimensional Gaussian: divergences that objectives share, and the loss, which they do not."""
