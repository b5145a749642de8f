"""Settings of `kind: mlp`."""

from typing import Annotated, Literal

from pydantic import Field

from ebmrepro.params.base import Count
from ebmrepro.params.energies import Energy


class MLPEnergy(Energy):
    """A multi-layer perceptron with swish units."""

    implementation = "ebmrepro.energies.mlp:build"
    form = "vectors"

    label = "MLP"

    widths: Annotated[list[Count], Field(min_length=1)] = Field(
        description="Units of the hidden layers, from the data upwards.", examples=[[8, 8]]
    )
    condition: Literal["time"] | None = Field(
        description="time for an energy E(x, t) of the diffusion time, else null.", examples=[None, "time"]
    )
