"""`energies`: the function E_theta(x) of each model."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ebmrepro.params.base import Count, Name, Section, Switch
from ebmrepro.params.layouts import LAYOUTS


class GaussianEnergy(Section):
    """E(x) = (x - mu)^T Lambda (x - mu) / 2 with learnt mean and precision; log Z is known."""

    kind: Literal["gaussian"]


# What an energy is conditioned on that depends on the diffusion time of DCD, E(x, t).
TIME = "time"


class MLPEnergy(Section):
    """A multi-layer perceptron with swish units; `widths` are the hidden layers. `condition`: see TIME."""

    kind: Literal["mlp"]
    widths: Annotated[list[Count], Field(min_length=1)]
    condition: Literal["time"] | None


class ConvEnergy(Section):
    """A small convolutional network for images of at least 8x8 pixels; `width` channels at full size.

    `condition`: see TIME.
    """

    kind: Literal["conv"]
    width: Count
    condition: Literal["time"] | None


# The most binary units whose states are summed over one by one: 2^25 terms.
MAX_UNITS = 25


class RBMEnergy(Section):
    """The free energy of a restricted Boltzmann machine with `hidden` binary hidden units.

    `visible`: binary units (bernoulli) or real ones of unit variance (gaussian).
    """

    kind: Literal["rbm"]
    hidden: Count
    visible: Literal["bernoulli", "gaussian"]


class HelmholtzMachine(Section):
    """A layered sigmoid belief net with a recognition net, trained by wake-sleep; binary data.

    `layers`: binary hidden units from the layer above the data upwards. Not an energy of x: p(x) is its
    generative model, whose -log p(x) is bounded by importance sampling.
    """

    kind: Literal["helmholtz"]
    layers: Annotated[list[Count], Field(min_length=1)]


class ResidualEnergy(Section):
    """The paper's residual networks (params/layouts.py), summed over `scales` resolutions.

    `width` is f. `attention`: self-attention in the full-resolution network. `normalise`: instance norm up to
    128 channels, group norm above. `spectral_norm`: in place of weight standardisation. `condition`: the
    data set's attribute that the energy is conditioned on, or TIME. `output`: of each network; the
    paper's is linear. `members`: energies of an ensemble, whose mean it is.
    """

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


Energy = Annotated[
    GaussianEnergy | MLPEnergy | ConvEnergy | ResidualEnergy | RBMEnergy | HelmholtzMachine,
    Field(discriminator="kind"),
]
