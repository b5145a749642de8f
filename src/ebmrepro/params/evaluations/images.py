from ebmrepro.params.evaluations import Evaluation, Neighbours


class ImageEvaluation(Evaluation, needs="classifier"):
    """Frechet distance on the data set's own classifier, diversity, nearest training neighbours."""

    shown_neighbours: Neighbours
