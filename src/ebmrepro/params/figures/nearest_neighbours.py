from ebmrepro.params.figures import Figure


class NearestNeighbours(Figure):
    """Samples above their nearest training images: is the model copying?"""

    stage = "evaluate"
    shows = ("images",)
