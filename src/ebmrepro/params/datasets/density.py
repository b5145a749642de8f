import pkgutil
from pathlib import Path
from typing import Literal

from ebmrepro.params.base import Seed, TestSize, TrainSize, about
from ebmrepro.params.datasets import Dataset

# A density is a module of this room, found and not imported: that takes numpy and scipy.
ROOM = Path(__file__).parents[2] / "data/densities"
SHAPES = tuple(sorted(module.name for module in pkgutil.iter_modules([str(ROOM)])))


class DensityData(Dataset, form="vectors", licence="generated", sample_shape=(2,)):
    """A two-dimensional density whose value is known in closed form or by quadrature."""

    seed: Seed
    shape: Literal[SHAPES] = about("A module of ebmrepro.data.densities.", "rings")
    train_size: TrainSize
    test_size: TestSize

    def log_density(self, points):
        return self.load().density(self.shape).log_density(points)

    def describe(self, name: str) -> str:
        return f"{self.shape.replace('_', ' ')} in 2-D, {self.train_size} points"

    def modules(self) -> list[str]:
        return [*super().modules(), f"ebmrepro.data.densities.{self.shape}"]
