from typing import Literal

from pydantic import model_validator

from ebmrepro.params.base import Count, Name, Switch, about
from ebmrepro.params.energies import Energy
from ebmrepro.params.energies.layouts import LAYOUTS, without_room


class ResidualEnergy(Energy, form="images", label="residual"):
    """The paper's residual networks (layouts.py), summed over resolutions of the image."""

    layout: Literal[*LAYOUTS] = about("The blocks of each network.", "small", "cifar")
    width: Count = about("f, in whose multiples the layout has its channels.", 4)
    scales: int = about("Networks: full resolution, then half, then quarter.", 3, ge=1, le=3, strict=True)
    attention: Switch = about("Self-attention in the full-resolution network.", True, False)
    normalise: Switch = about("Instance norm up to 128 channels, group norm above.", True, False)
    spectral_norm: Switch = about("Spectral norm in place of weight standardisation.", False, True)
    condition: Name | None = about("Attribute to be conditioned on, or time, or null.", None, "label", "time")
    output: Literal["linear", "square", "sigmoid"] = about(
        "Its networks' end; linear in the paper.", "linear"
    )
    members: Count = about("Energies of an ensemble, whose mean it is; 1 for none.", 1, 2)

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
            what = "above 128 channels the norm has 32 groups"
            raise ValueError(f"{what}: make width a power of 2 or normalise: false")
        return self

    def problems(self, dataset, exact: bool = False):
        yield from super().problems(dataset, exact)
        if dataset.form == self.form:
            yield from without_room(self, dataset.sample_shape)
