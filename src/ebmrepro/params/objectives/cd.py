"""Settings of `kind: cd`."""

from typing import Literal

from ebmrepro.params.base import NonNegative
from ebmrepro.params.objectives import Objective


class ContrastiveDivergence(Objective):
    """Contrastive divergence; `energy_l2` weighs mean E^2 on both sides."""

    chain = True

    kind: Literal["cd"]
    energy_l2: NonNegative
