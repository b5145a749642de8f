"""Settings of `kind: images`."""

from typing import Literal

from ebmrepro.params.base import Count
from ebmrepro.params.evaluations import Evaluation


class ImageEvaluation(Evaluation):
    """Frechet distance on the data set's own classifier, diversity, nearest training neighbours."""

    needs = "classifier"

    kind: Literal["images"]
    shown_neighbours: Count
