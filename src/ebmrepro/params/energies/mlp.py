"""Settings of `kind: mlp`."""

from typing import Annotated, Literal

from pydantic import Field

from ebmrepro.params.base import Count
from ebmrepro.params.energies import Energy


class MLPEnergy(Energy):
    """A multi-layer perceptron with swish units; `widths` are the hidden layers. `condition`: see TIME."""

    label = "MLP"

    kind: Literal["mlp"]
    widths: Annotated[list[Count], Field(min_length=1)]
    condition: Literal["time"] | None
