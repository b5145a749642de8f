"""`tables`: which numbers stand side by side, one module a kind."""

from ebmrepro.params.shown import Shown


class Table(Shown):
    """A table over all runs of an experiment, mean and standard deviation over seeds.

    Its implementation has `make(data)`, which gives a tables.table.Table of what the stage's loader read, and
    how to read it. It raises shown.data.NothingToShow if there is nothing.
    """

    implementation = "ebmrepro.tables.{kind}"
