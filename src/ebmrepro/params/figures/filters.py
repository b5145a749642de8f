"""Settings of `kind: filters`."""

from typing import Literal

from ebmrepro.params.figures import Figure


class Filters(Figure):
    """The weights of hidden units, as images of what each unit looks at."""

    stage = "evaluate"
    implementation = "ebmrepro.plots.filters"

    kind: Literal["filters"]
