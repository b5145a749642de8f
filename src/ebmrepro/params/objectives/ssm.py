"""Settings of `kind: ssm`."""

from typing import Literal

from ebmrepro.params.base import Count
from ebmrepro.params.objectives import Objective


class SlicedScoreMatching(Objective):
    """Sliced score matching with `projections` random directions a point (Song et al., 2019)."""

    real = True

    kind: Literal["ssm"]
    projections: Count
