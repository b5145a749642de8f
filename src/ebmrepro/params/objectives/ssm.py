from ebmrepro.params.base import Count, about
from ebmrepro.params.objectives import Method, Objective


class SlicedScoreMatching(Objective):
    """Sliced score matching (Song et al., 2019)."""

    methods = (Method("ssm", "SSM", "#888888", ":", "<", 70),)
    columns = ("loss_score",)
    real = True

    projections: Count = about("random directions for each point", 1, 2)
