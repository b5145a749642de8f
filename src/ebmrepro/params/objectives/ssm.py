from ebmrepro.params.base import Count, about
from ebmrepro.params.objectives import Method, Objective


class SlicedScoreMatching(Objective, columns=("loss_score",), real=True):
    """Sliced score matching (Song et al., 2019)."""

    methods = (Method("ssm", "SSM", "#888888", ":", "<", 70),)

    projections: Count = about("random directions for each point", 1, 2)
