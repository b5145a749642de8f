from typing import Literal

from ebmrepro.params.base import Count, Positive, about
from ebmrepro.params.energies import Energy


class DenoiserEnergy(Energy, form="images", label="denoiser", noisy=True):
    """The squared residual of a denoiser in units of the noise, for E(x, t) of data with noise at all times.

    The noise of each time is the objective's: it tells the energy its levels.
    """

    width: Count = about("Channels of the residual stack, which keeps the image's size.", 4)
    dilations: list[Count] = about(
        "Of the 3x3 convolutions of the stack, one each; a pixel sees their sum + 2 pixels to each side.",
        [1, 1],
        [1, 2],
        min_length=1,
    )
    data_mean: float = about("What the denoiser shrinks to: the mean over pixels.", 0.5, strict=True)
    data_spread: Positive = about("Standard deviation of the pixels, EDM's sigma_data.", 0.5)
    condition: Literal["time"] = about("time: it has no meaning without noise.", "time")
