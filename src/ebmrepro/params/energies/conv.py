"""Settings of `kind: conv`."""

from collections.abc import Iterator
from typing import Literal

from ebmrepro.params.base import Count, about
from ebmrepro.params.energies import Energy


class ConvEnergy(Energy):
    """A small convolutional network for images of at least 8x8 pixels."""

    implementation = "ebmrepro.energies.conv:build"
    form = "images"

    label = "convolutional"

    width: Count = about("Channels at full size.", 4)
    condition: Literal["time"] | None = about(
        "time for an energy E(x, t) of the diffusion time, else null.", None, "time"
    )

    def problems(self, dataset, exact: bool = False) -> Iterator[str]:
        """Also images that are too small."""
        yield from super().problems(dataset, exact)
        if dataset.form == self.form and (side := min(dataset.sample_shape[1:])) < 8:
            yield f"a conv energy needs images of at least 8x8 pixels, not {side}"
