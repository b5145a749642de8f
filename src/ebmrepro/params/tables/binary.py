from ebmrepro.params.tables import Table


class BinaryTable(Table, stage="evaluate", shows=("binary",)):
    """Binary data: how likely the held-out patterns are, and what samples and reconstructions are worth."""
