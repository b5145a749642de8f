"""Settings of `kind: dsm`."""

from typing import Literal

from ebmrepro.params.base import Positive
from ebmrepro.params.objectives import Objective


class DenoisingScoreMatching(Objective):
    """Denoising score matching (Vincent, 2011) at noise of standard deviation `sigma`."""

    real = True

    kind: Literal["dsm"]
    sigma: Positive
