from ebmrepro.params.tables import Table


class MethodsTable(Table, stage="compare"):
    """Every method on every data set: how well it fits, what its samples are worth, what a step costs."""
