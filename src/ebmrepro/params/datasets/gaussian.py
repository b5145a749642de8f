"""Settings of `kind: gaussian`."""

from ebmrepro.params.base import Count, about
from ebmrepro.params.data_fields import Seed, TestSize, TrainSize
from ebmrepro.params.datasets import Dataset


class GaussianData(Dataset):
    """N(0, I) in `dim` dimensions, the term report's toy problem."""

    form = "vectors"
    licence = "generated"

    seed: Seed
    dim: Count = about("Dimensions, at least 1.", 10)
    train_size: TrainSize
    test_size: TestSize

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """(dim,)"""
        return (self.dim,)

    @property
    def references(self) -> frozenset[str]:
        """Its law too."""
        return super().references | {"gaussian"}

    def describe(self, name: str) -> str:
        """Its law and size."""
        return f"N(0, I) in {self.dim} dimensions, {self.train_size} points"
