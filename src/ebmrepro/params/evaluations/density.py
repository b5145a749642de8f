from ebmrepro.params.base import Several, about
from ebmrepro.params.evaluations import Evaluation
from ebmrepro.params.sampling import Interval


class DensityEvaluation(Evaluation, needs="plane"):
    """In two dimensions: test log-likelihood with log Z on a grid; MMD and 2-Wasserstein distance to test
    points."""

    box: Interval = about(
        "Range of both coordinates that exp(-E) is summed over; nearly all mass must lie inside.", [-4.0, 4.0]
    )
    grid: int = about("Cells of the grid along each axis.", 400, ge=16, le=4096, strict=True)
    compared_samples: Several = about(
        "Points of MMD and W2, or all; the time of the latter grows as its cube.", 1000
    )
