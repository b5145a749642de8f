from ebmrepro.params.tables import Table


class GenerationTable(Table, stage="evaluate", shows=("images",), evaluations=("images",)):
    """Generation of images: quality, diversity, distance to the training set."""
