from ebmrepro.params.figures import Figure


class DensityPanels(Figure, stage="evaluate", shows=("vectors",), evaluations=("density",), every_run=True):
    """Two-dimensional densities: the truth, then what each method learnt."""

    asks_data = True
