"""What is wrong with a file, apart from what reads and writes tensors: settings need it without numpy."""


class WorkspaceError(Exception):
    """An artifact is missing, damaged or foreign. The message is one sentence that says what to run."""
