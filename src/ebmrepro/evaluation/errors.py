"""The error that every ruler of images ends in."""

from ebmrepro.files.workspace import WorkspaceError


class RulerError(WorkspaceError):
    """Images, features or files cannot be measured. The message is one sentence that says what to change."""
