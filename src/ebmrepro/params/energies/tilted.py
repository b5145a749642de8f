import math
from typing import Literal

from ebmrepro.params.base import Count, about
from ebmrepro.params.energies import Energy

# The covariance of more values than that, 4,096 times as many numbers, would fill models and memory.
MOST_VALUES = 4096


class TiltedGaussian(Energy, form="images", label="tilted Gaussian", noisy=True):
    """The Gaussian of the noisy data, tilted by a convolutional network: E(x, t) of data with noise at all
    times.

    Mean and covariance are the training data's; the noise of each time is the objective's.
    """

    widths: list[Count] = about(
        "Channels of the 3x3 convolutions: the first at full size, each other at half the size before it.",
        [3, 4],
        [16, 32, 64],
        min_length=1,
    )
    units: Count = about("Units of the layer between the last maps and the output.", 8, 256)
    condition: Literal["time"] = about("time: it has no meaning without noise.", "time")

    def problems(self, dataset, exact: bool = False):
        yield from super().problems(dataset, exact)
        if dataset.form == self.form and (values := math.prod(dataset.sample_shape)) > MOST_VALUES:
            what = f"a tilted energy has the covariance of the data, which is too large for {values} values"
            yield f"{what}: at most {MOST_VALUES}"
