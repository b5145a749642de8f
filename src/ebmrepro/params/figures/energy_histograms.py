"""Settings of `kind: energy_histograms`."""

from typing import Literal

from ebmrepro.params.figures import Figure


class EnergyHistograms(Figure):
    """Energies of a data set's own test images against those of outliers."""

    stage = "detect"
    implementation = "ebmrepro.plots.energy_histograms"

    kind: Literal["energy_histograms"]
