"""Fields that several kinds of data set have; what is said of them here makes no data stale."""

from typing import Annotated, Literal

from ebmrepro.params.base import Count, Fraction, Index, about

Seed = Annotated[Index, about("Seed of what is drawn or split.", 0)]
TrainSize = Annotated[Count, about("Training samples, at least 1.", 5000)]
TestSize = Annotated[Count, about("Test samples, at least 1.", 2000)]
TestFraction = Annotated[Fraction, about("Share of each class that is test data, in (0, 1).", 0.2)]
Side = Annotated[int, about("Pixels a side, 4 to 1024.", 32, ge=4, le=1024, strict=True)]
Corrupt = Annotated[
    Literal["stop", "skip"],
    about("Whether pictures that cannot be decoded end it, named and counted, or are left out.", "stop"),
]
Limit = Annotated[
    Count | None, about("So many images of the split, drawn with the seed; null for all.", 10000)
]
