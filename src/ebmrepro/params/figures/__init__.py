"""`figures`: what is drawn of which experiment, one module a kind."""

from typing import ClassVar

from ebmrepro.params.shown import Shown


class Figure(Shown):
    """A figure over all runs of an experiment.

    Its implementation has `draw(data)`, which gives a matplotlib figure of what the stage's loader read, and
    how to read it. It raises shown.data.NothingToShow if there is nothing.
    """

    implementation = "ebmrepro.plots.{kind}"
    # Of stage sample: every seed's samples, not the first one's alone.
    every_seed: ClassVar[bool] = False
