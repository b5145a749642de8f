"""Settings of `kind: gaussian`."""

from typing import Literal

from ebmrepro.params.base import Count, Index
from ebmrepro.params.datasets import Embedded


class GaussianData(Embedded):
    """N(0, I) in `dim` dimensions, the term report's toy problem."""

    form = "vectors"

    kind: Literal["gaussian"]
    seed: Index
    dim: Count
    train_size: Count
    test_size: Count

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """(dim,)"""
        return (self.dim,)

    @property
    def references(self) -> frozenset[str]:
        """Its law too."""
        return super().references | {"gaussian"}
