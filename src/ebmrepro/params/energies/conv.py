"""Settings of `kind: conv`."""

from typing import Literal

from ebmrepro.params.base import Count
from ebmrepro.params.energies import Energy


class ConvEnergy(Energy):
    """A small convolutional network for images of at least 8x8 pixels; `width` channels at full size.

    `condition`: see TIME.
    """

    label = "convolutional"

    kind: Literal["conv"]
    width: Count
    condition: Literal["time"] | None
