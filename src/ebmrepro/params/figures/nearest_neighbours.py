from ebmrepro.params.figures import Figure


class NearestNeighbours(Figure, stage="evaluate", shows=("images",)):
    """Samples above their nearest training images: is the model copying?"""
