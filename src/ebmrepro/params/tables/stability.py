from ebmrepro.params.tables import Table


class StabilityTable(Table, stage="evaluate"):
    """Which architectures can be trained, with the KL term and without it: iterations survived."""
