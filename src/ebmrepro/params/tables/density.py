from ebmrepro.params.tables import Table


class DensityTable(Table, stage="evaluate", shows=("vectors",), evaluations=("density",), every_run=True):
    """Two-dimensional densities: likelihood of test points and distance of samples from them."""
