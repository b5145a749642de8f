from ebmrepro.params.evaluations import Evaluation, ShownNeighbours


class ImageEvaluation(Evaluation):
    """Frechet distance on the data set's own classifier, diversity, nearest training neighbours."""

    needs = "classifier"

    shown_neighbours: ShownNeighbours
