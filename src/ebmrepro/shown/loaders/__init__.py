"""What the stages' files hold, one module a stage: the record that is shown, and how the files become it.

A module has `for_table(source)`, which gives the record, `for_figure(source)`, which gives it with JSON-able
data that identify what is drawn, or both; `source` is a shown.load.Source. They raise NothingToShow if the
files were made without what is to be shown, WorkspaceError if they are missing or damaged.
"""
