from ebmrepro.params.base import Count, Seed, TestSize, TrainSize, about
from ebmrepro.params.datasets import Dataset


class GaussianData(Dataset, form="vectors", licence="generated"):
    """N(0, I) in `dim` dimensions, the term report's toy problem."""

    words = "N(0, I) in {0.dim} dimensions, {0.train_size} points"

    seed: Seed
    dim: Count = about("Dimensions, at least 1.", 10)
    train_size: TrainSize
    test_size: TestSize

    @property
    def sample_shape(self) -> tuple[int, ...]:
        return (self.dim,)

    @property
    def references(self) -> frozenset[str]:
        return super().references | {"gaussian"}
