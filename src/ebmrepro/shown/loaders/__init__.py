"""What the stages' files hold, one module a stage: the record that is shown, and how the files become it.

A module has `for_figure(params, shown, item, labels)`, `for_table`, or both. `shown` is the entry of figures
or tables, `item` one of the stage's items that it is about, `labels` are those of all its runs. They give the
record and JSON-able data, from which the SHA-256 of what was shown is taken. They raise NothingToShow if the
files were made without what is to be shown, WorkspaceError if they are missing or damaged.
"""
