"""Settings of `kind: bars_and_stripes`."""

from typing import Annotated, Literal

from pydantic import Field

from ebmrepro.params.datasets import Embedded


class BarsAndStripesData(Embedded):
    """Binary images of `side` x `side` pixels whose rows, or whose columns, are each all on or all off.

    Training and test data are the distribution itself: every pattern as often as its probability says.
    """

    form = "binary"

    kind: Literal["bars_and_stripes"]
    side: Annotated[int, Field(ge=2, le=5, strict=True)]

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """(side * side,)"""
        return (self.side**2,)
