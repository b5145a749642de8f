"""Settings of `kind: gaussian`."""

from typing import Literal

from ebmrepro.params.tables import Table


class Gaussian(Table):
    """The n-dimensional Gaussian: divergences that objectives share, and the loss, which they do not."""

    stage = "evaluate"
    implementation = "ebmrepro.tables.gaussian"

    kind: Literal["gaussian"]
