"""Settings of `kind: density`."""

from ebmrepro.params.base import Several, about
from ebmrepro.params.evaluations import Evaluation
from ebmrepro.params.sampling import Bounded, Interval


class DensityEvaluation(Bounded, Evaluation):
    """In two dimensions: test log-likelihood with log Z on a grid; MMD and 2-Wasserstein distance to test
    points."""

    needs = "plane"

    box: Interval = about(
        "Range of both coordinates over which exp(-E) is summed, in the units of the data: nearly"
        " all mass of data and model must lie inside.",
        [-4.0, 4.0],
    )
    grid: int = about("Cells of the grid along each axis.", 400, ge=16, le=4096, strict=True)
    compared_samples: Several = about(
        "Samples and test points that MMD and 2-Wasserstein distance are taken of; all if there"
        " are fewer. The time of the latter grows as its cube.",
        1000,
    )
