from ebmrepro.params.base import Positive, about
from ebmrepro.params.objectives import Method, Objective


class DenoisingScoreMatching(Objective, columns=("loss_score",), real=True):
    """Denoising score matching (Vincent, 2011)."""

    methods = (Method("dsm", "DSM", "#000000", "--", "v", 60),)

    sigma: Positive = about("standard deviation of the noise", 0.15)
