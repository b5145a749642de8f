"""`tables`: what comes out of which experiment, one module a kind."""

from typing import ClassVar

from ebmrepro.params.base import Name
from ebmrepro.params.kinds import Kind


class Table(Kind):
    """A table over all runs of an experiment, mean and standard deviation over seeds."""

    # The stage whose files it is drawn from.
    stage: ClassVar[str]

    # Of stage compare: the name of a comparison.
    experiment: Name
    caption: str
