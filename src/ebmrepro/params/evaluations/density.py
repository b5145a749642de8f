"""Settings of `kind: density`."""

from pydantic import model_validator

from ebmrepro.params.base import Several, about
from ebmrepro.params.evaluations import Evaluation
from ebmrepro.params.sampling import Interval, _ordered


class DensityEvaluation(Evaluation):
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

    @model_validator(mode="after")
    def _box_is_an_interval(self):
        _ordered(self.box)
        return self
