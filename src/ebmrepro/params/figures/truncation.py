"""Settings of `kind: truncation`."""

from typing import Literal

from ebmrepro.params.figures import Figure


class Truncation(Figure):
    """The KL term's gradient through the last steps of the chain against that through all of them."""

    stage = "train"
    implementation = "ebmrepro.plots.truncation"

    kind: Literal["truncation"]
