from ebmrepro.params.base import about
from ebmrepro.params.datasets import Dataset


class BarsAndStripesData(Dataset, form="binary", licence="generated"):
    """Binary images of `side` x `side` pixels whose rows, or whose columns, are each all on or all off.

    Training and test data are the distribution itself: every pattern as often as its probability says.
    """

    words = "bars and stripes, {0.side}×{0.side} binary pixels"

    side: int = about("Pixels a side, 2 to 5.", 3, ge=2, le=5, strict=True)

    @property
    def sample_shape(self) -> tuple[int, ...]:
        return (self.side**2,)
