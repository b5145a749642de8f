"""Settings of `kind: dsm`."""

from pydantic import Field

from ebmrepro.params.base import Positive
from ebmrepro.params.objectives import Method, Objective


class DenoisingScoreMatching(Objective):
    """Denoising score matching (Vincent, 2011)."""

    implementation = "ebmrepro.objectives.dsm:DenoisingScoreMatching"
    methods = (Method("dsm", "DSM", "#000000", "--", "v", 60),)
    columns = ("loss_score",)

    real = True

    sigma: Positive = Field(description="standard deviation of the noise", examples=[0.15])
