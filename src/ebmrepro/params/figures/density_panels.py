from ebmrepro.params.figures import Figure


class DensityPanels(Figure):
    """Two-dimensional densities: the truth, then what each method learnt."""

    stage = "evaluate"
    shows = ("vectors",)
    evaluations = ("density",)
    every_run = True
    asks_data = True
