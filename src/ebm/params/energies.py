"""`energies`: the function E_theta(x) of each model."""

from typing import Annotated, Literal

from pydantic import Field

from ebm.params.base import Count, Section


class GaussianEnergy(Section):
    """E(x) = (x - mu)^T Lambda (x - mu) / 2 with learnt mean and precision; log Z is known."""

    kind: Literal["gaussian"]


class MLPEnergy(Section):
    """A multi-layer perceptron with swish units; `widths` are the hidden layers."""

    kind: Literal["mlp"]
    widths: Annotated[list[Count], Field(min_length=1)]


class ConvEnergy(Section):
    """A small convolutional network for images of at least 8x8 pixels; `width` channels at full size."""

    kind: Literal["conv"]
    width: Count


Energy = Annotated[GaussianEnergy | MLPEnergy | ConvEnergy, Field(discriminator="kind")]
