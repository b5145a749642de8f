"""Settings of `kind: images`."""

from ebmrepro.params.base import Count, about
from ebmrepro.params.evaluations import Evaluation


class ImageEvaluation(Evaluation):
    """Frechet distance on the data set's own classifier, diversity, nearest training neighbours."""

    implementation = "ebmrepro.evaluation.measures.images:measure"
    needs = "classifier"

    shown_neighbours: Count = about("First samples shown beside the nearest training image of each.", 16)
