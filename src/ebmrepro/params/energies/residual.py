"""Settings of `kind: residual`."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ebmrepro.params.base import Count, Name, Switch
from ebmrepro.params.energies import Energy
from ebmrepro.params.energies.layouts import LAYOUTS


class ResidualEnergy(Energy):
    """The paper's residual networks (params/layouts.py), summed over `scales` resolutions.

    `width` is f. `attention`: self-attention in the full-resolution network. `normalise`: instance norm up to
    128 channels, group norm above. `spectral_norm`: in place of weight standardisation. `condition`: the
    data set's attribute that the energy is conditioned on, or TIME. `output`: of each network; the
    paper's is linear. `members`: energies of an ensemble, whose mean it is.
    """

    label = "residual"

    kind: Literal["residual"]
    layout: Literal["small", "mnist", "cifar", "celeba64", "celeba128"]
    width: Count
    scales: Annotated[int, Field(ge=1, le=3, strict=True)]
    attention: Switch
    normalise: Switch
    spectral_norm: Switch
    condition: Name | None
    output: Literal["linear", "square", "sigmoid"]
    members: Count

    @model_validator(mode="after")
    def _the_layout_has_it(self):
        networks = LAYOUTS[self.layout]
        if self.scales > len(networks):
            raise ValueError(f"layout {self.layout} has {len(networks)} scale, got scales: {self.scales}")
        if self.attention and "attention" not in networks[0].blocks:
            raise ValueError(f"layout {self.layout} has no place for attention: write attention: false")
        widest = self.width * max(network.stem * 2 ** network.blocks.count("widen") for network in networks)
        if self.width * networks[0].stem % 1:
            raise ValueError(f"layout {self.layout} begins with half of width channels: make width even")
        if self.normalise and widest > 128 and self.width & (self.width - 1):
            raise ValueError(
                "above 128 channels the norm has 32 groups: make width a power of 2 or normalise: false"
            )
        return self
