"""`figures`: what is drawn of which experiment, one module a kind."""

from typing import ClassVar

from ebmrepro.params.shown import Shown


class Figure(Shown):
    """A figure over all runs of an experiment. `draw(data)` gives a matplotlib figure, and how to read it."""

    implementation = "ebmrepro.plots.{kind}"
    # Shows every seed's samples or metrics, not what is drawn of the first alone.
    every_seed: ClassVar[bool] = False
