from ebmrepro.params.tables import Table


class BinaryTable(Table):
    """Binary data: how likely the held-out patterns are, and what samples and reconstructions are worth."""

    stage = "evaluate"
    shows = ("binary",)
