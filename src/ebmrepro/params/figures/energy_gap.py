"""Settings of `kind: energy_gap`."""

from typing import Literal

from ebmrepro.params.figures import Figure


class EnergyGap(Figure):
    """Energy gap E⁺ − E⁻ over training: near 0 while training is stable."""

    stage = "train"
    implementation = "ebmrepro.plots.energy_gap"

    kind: Literal["energy_gap"]
