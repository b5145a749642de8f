"""`comparisons`: all runs of several experiments under one ruler, with what a training step of each costs."""

from typing import Annotated

from pydantic import Field

from ebmrepro.params.base import Count, Name, Section


class Comparison(Section):
    """The runs of `experiments` side by side, data set by data set.

    `steps`: training iterations of each run that are timed, after `warm_up` ones that are not; all runs take
    turns in one process, so that what else the machine does falls on all alike.
    """

    experiments: Annotated[list[Name], Field(min_length=1)]
    steps: Count
    warm_up: Count
