from ebmrepro.params.tables import Table


class CompositionTable(Table, stage="compose"):
    """Compositions: how many samples satisfy what was asked for, and how many images do by chance."""
