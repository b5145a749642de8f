"""`tables`: which numbers stand side by side, one module a kind."""

from ebmrepro.params.shown import Shown


class Table(Shown):
    """Mean and standard deviation over seeds. `make(data)` gives a tables.table.Table, and how to read it."""

    implementation = "ebmrepro.tables.{kind}"
