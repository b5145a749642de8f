from ebmrepro.params.tables import Table


class GenerationTable(Table):
    """Generation of images: quality, diversity, distance to the training set."""

    stage = "evaluate"
    shows = ("images",)
    evaluations = ("images",)
