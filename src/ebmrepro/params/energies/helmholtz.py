"""Settings of `kind: helmholtz`."""

from typing import Annotated, Literal

from pydantic import Field

from ebmrepro.params.base import Count
from ebmrepro.params.energies import Energy


class HelmholtzMachine(Energy):
    """A layered sigmoid belief net with a recognition net, trained by wake-sleep; binary data.

    `layers`: binary hidden units from the layer above the data upwards. Not an energy of x: p(x) is its
    generative model, whose -log p(x) is bounded by importance sampling.
    """

    label = "Helmholtz machine"

    kind: Literal["helmholtz"]
    layers: Annotated[list[Count], Field(min_length=1)]
