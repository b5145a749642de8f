"""`evaluations`: which numbers are measured on a trained model and its samples, one module a kind.

`implementation` of a kind names its `measure(config, subject) -> Measured` (evaluation/subject.py).
"""

from typing import ClassVar

from ebmrepro.params.kinds import Kind


class Evaluation(Kind):
    """A set of metrics."""

    # Which of the data set's `references` it compares with.
    needs: ClassVar[str]
    # Whether samples and data may not fit into memory: they are then maps of their files, not copies.
    mapped: ClassVar[bool] = False
