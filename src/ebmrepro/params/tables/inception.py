from ebmrepro.params.tables import Table


class InceptionTable(Table, stage="evaluate", shows=("images",), evaluations=("inception",)):
    """Generation of images as in papers: FID, Inception Score, KID, neighbours, bits per dimension."""
