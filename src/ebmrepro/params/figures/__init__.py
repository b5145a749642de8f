"""`figures`: what comes out of which experiment, one module a kind."""

from typing import ClassVar

from ebmrepro.params.base import Name
from ebmrepro.params.kinds import Kind


class Figure(Kind):
    """A figure over all runs of an experiment."""

    # The stage whose files it is drawn from.
    stage: ClassVar[str]

    # Of stage compare: the name of a comparison.
    experiment: Name
    caption: str
