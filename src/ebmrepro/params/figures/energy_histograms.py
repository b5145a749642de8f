from ebmrepro.params.figures import Figure


class EnergyHistograms(Figure, stage="detect"):
    """Energies of a data set's own test images against those of out-of-distribution images."""
