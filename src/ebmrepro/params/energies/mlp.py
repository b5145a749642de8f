"""Settings of `kind: mlp`."""

from typing import Literal

from ebmrepro.params.base import Count, about
from ebmrepro.params.energies import Energy


class MLPEnergy(Energy):
    """A multi-layer perceptron with swish units."""

    implementation = "ebmrepro.energies.mlp:build"
    form = "vectors"

    label = "MLP"

    widths: list[Count] = about("Units of the hidden layers, from the data upwards.", [8, 8], min_length=1)
    condition: Literal["time"] | None = about(
        "time for an energy E(x, t) of the diffusion time, else null.", None, "time"
    )
