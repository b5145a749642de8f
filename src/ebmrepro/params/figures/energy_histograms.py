from ebmrepro.params.figures import Figure


class EnergyHistograms(Figure):
    """Energies of a data set's own test images against those of outliers."""

    stage = "detect"
