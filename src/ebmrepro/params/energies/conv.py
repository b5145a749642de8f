from ebmrepro.params.base import Count, Name, about
from ebmrepro.params.energies import Energy


class ConvEnergy(Energy, form="images", label="convolutional"):
    """A small convolutional network for images of at least 8x8 pixels."""

    width: Count = about("Channels at full size.", 4)
    condition: Name | None = about("Attribute to be conditioned on, or time, or null.", None, "label", "time")

    def problems(self, dataset, exact: bool = False):
        yield from super().problems(dataset, exact)
        if dataset.form == self.form and (side := min(dataset.sample_shape[1:])) < 8:
            yield f"a conv energy needs images of at least 8x8 pixels, not {side}"
