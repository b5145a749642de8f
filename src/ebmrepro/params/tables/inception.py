from ebmrepro.params.tables import Table


class InceptionTable(Table):
    """Generation of images as in papers: FID, Inception Score, KID, neighbours, bits per dimension."""

    stage = "evaluate"
    shows = ("images",)
    evaluations = ("inception",)
