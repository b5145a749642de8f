"""`tables`: which numbers stand side by side, one module a kind."""

from ebmrepro.params.shown import Shown


class Table(Shown):
    """A table over all runs, mean and deviation over seeds. `make(data)` gives a tables.table.Table."""

    implementation = "ebmrepro.tables.{kind}"
