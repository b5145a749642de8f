"""Fields that several kinds of data set have; what is said of them here makes no data stale."""

from typing import Annotated, Literal

from pydantic import Field

from ebmrepro.params.base import Count, Fraction, Index

Seed = Annotated[Index, Field(description="Seed of what is drawn or split.", examples=[0])]
TrainSize = Annotated[Count, Field(description="Training samples, at least 1.", examples=[5000])]
TestSize = Annotated[Count, Field(description="Test samples, at least 1.", examples=[2000])]
TestFraction = Annotated[
    Fraction, Field(description="Share of each class that is test data, in (0, 1).", examples=[0.2])
]
Side = Annotated[
    int, Field(ge=4, le=1024, strict=True, description="Pixels a side, 4 to 1024.", examples=[32])
]
Corrupt = Annotated[
    Literal["stop", "skip"],
    Field(
        description="Whether pictures that cannot be decoded end it, named and counted, or are left out.",
        examples=["stop"],
    ),
]
Limit = Annotated[
    Count | None,
    Field(description="So many images of the split, drawn with the seed; null for all.", examples=[10000]),
]
