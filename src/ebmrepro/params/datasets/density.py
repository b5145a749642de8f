"""Settings of `kind: density`."""

from typing import Literal

from ebmrepro.params.base import Count, Index
from ebmrepro.params.datasets import Embedded


class DensityData(Embedded):
    """A two-dimensional density whose value is known in closed form or by quadrature."""

    form = "vectors"

    kind: Literal["density"]
    seed: Index
    shape: Literal["eight_gaussians", "checkerboard", "two_moons", "rings"]
    train_size: Count
    test_size: Count

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """(2,)"""
        return (2,)
