"""Settings of `kind: density`."""

from typing import Literal

from ebmrepro.params.tables import Table


class Density(Table):
    """Two-dimensional densities: likelihood of test points and distance of samples from them."""

    stage = "evaluate"
    implementation = "ebmrepro.tables.density"

    kind: Literal["density"]
