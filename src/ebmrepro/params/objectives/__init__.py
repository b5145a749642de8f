"""`objectives`: the training losses, each named as its paper names it, one module a loss."""

from ebmrepro.params.kinds import Kind


class Objective(Kind):
    """A training loss."""
